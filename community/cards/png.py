"""Walks the chunks of a PNG file and splices text chunks into it, without touching any other byte.

Format: PNG, third edition (W3C, 2025), sections 5 and 11.3.3. Pixels are never decoded here. Every limit is stated
below; memory stays within a few times the size of the file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from community.cards.errors import InvalidCard

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_CHUNKS = 65_536
MAX_PIXELS = 8192 * 8192
TEXT_TYPES = (b"tEXt", b"zTXt", b"iTXt")
# Bit depths that each colour type allows (section 11.2.1, table 11.1).
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk. start is the offset of its length field, end the offset after its CRC.

    keyword is set for text chunks only, as written; `key` is how it is compared (readers differ in case).
    """

    type: bytes
    start: int
    end: int
    keyword: str | None = None

    @property
    def key(self) -> str | None:
        return None if self.keyword is None else fold_keyword(self.keyword)


@dataclass(frozen=True, slots=True)
class Png:
    """A file whose chunks were walked and found sound."""

    data: bytes
    chunks: tuple[Chunk, ...]
    width_px: int
    height_px: int

    @property
    def picture_start(self) -> int:
        """The offset of the first IDAT chunk."""
        return next(chunk.start for chunk in self.chunks if chunk.type == b"IDAT")

    def body(self, chunk: Chunk) -> bytes:
        """The data of a chunk, without length, type and CRC."""
        return self.data[chunk.start + 8 : chunk.end - 4]

    def find_text(self, keyword: str) -> Chunk | None:
        """The text chunk of that keyword, in any case and of any of the three types."""
        key = fold_keyword(keyword)
        return next((chunk for chunk in self.chunks if chunk.key == key), None)


def fold_keyword(keyword: str) -> str:
    """How keywords are compared: some readers fold case, so `Chara` and `chara` must not both stand in a file."""
    return keyword.strip().casefold()


def is_png(data: bytes) -> bool:
    return data[:8] == SIGNATURE


def read_png(data: bytes) -> Png:
    """Walk all chunks. Raises InvalidCard, and nothing else.

    Refused: more than MAX_FILE_BYTES, MAX_CHUNKS or MAX_PIXELS, a length beyond the end of the file, a wrong CRC,
    a missing or misplaced IHDR, IDAT or IEND, bytes after IEND, and two text chunks of one keyword (readers
    disagree which one counts, so a file could show one card to a moderator and another to a player).
    """
    if len(data) > MAX_FILE_BYTES:
        raise InvalidCard("file", f"larger than {MAX_FILE_BYTES // 2**20} MiB")
    if not is_png(data):
        raise InvalidCard("byte 0", "not a PNG file")
    chunks: list[Chunk] = []
    view = memoryview(data)
    position = len(SIGNATURE)
    while not chunks or chunks[-1].type != b"IEND":
        if len(chunks) >= MAX_CHUNKS:
            raise InvalidCard(f"byte {position}", f"more than {MAX_CHUNKS} chunks")
        chunk = _read_chunk(view, position)
        chunks.append(chunk)
        position = chunk.end
    if position != len(data):
        raise InvalidCard(f"byte {position}", f"{len(data) - position} bytes after the end of the picture (IEND)")
    width_px, height_px = _check_header(data, chunks)
    _check_order(chunks)
    _check_keywords(chunks)
    return Png(bytes(data), tuple(chunks), width_px, height_px)


def _read_chunk(view: memoryview, start: int) -> Chunk:
    where = f"byte {start}"
    left_bytes = len(view) - start
    if left_bytes < 12:
        raise InvalidCard(where, "the file ends in the middle of a chunk, or without IEND")
    length, kind = struct.unpack_from(">I4s", view, start)
    if not kind.isalpha() or not kind.isascii():
        raise InvalidCard(where, "not a chunk: its type is not four letters")
    name = kind.decode("ascii")
    if length > left_bytes - 12:
        raise InvalidCard(where, f"chunk {name} claims {length} bytes, but only {left_bytes - 12} are left")
    end = start + 12 + length
    (crc,) = struct.unpack_from(">I", view, end - 4)
    if zlib.crc32(view[start + 4 : end - 4]) != crc:
        raise InvalidCard(where, f"chunk {name} is damaged (wrong CRC)")
    keyword = None
    if kind in TEXT_TYPES:
        head, nul, _ = bytes(view[start + 8 : min(end - 4, start + 8 + 256)]).partition(b"\0")
        if not nul or not head:
            raise InvalidCard(where, f"chunk {name} has no keyword, or one longer than 255 bytes")
        keyword = head.decode("latin-1")
    return Chunk(kind, start, end, keyword)


def _check_header(data: bytes, chunks: Sequence[Chunk]) -> tuple[int, int]:
    header = chunks[0]
    if header.type != b"IHDR" or header.end - header.start != 25:
        raise InvalidCard("byte 8", "does not begin with an image header (IHDR) of 13 bytes")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    if not 0 < width < 2**31 or not 0 < height < 2**31:
        raise InvalidCard("IHDR", f"impossible size {width} × {height}")
    if width * height > MAX_PIXELS:
        raise InvalidCard("IHDR", f"{width} × {height} pixels; at most {MAX_PIXELS} pixels are read")
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise InvalidCard("IHDR", "a pixel format that PNG does not have")
    return width, height


def _check_order(chunks: Sequence[Chunk]) -> None:
    kinds = [chunk.type for chunk in chunks]
    if kinds.count(b"IHDR") != 1:
        raise InvalidCard("IHDR", "more than one image header")
    if b"IDAT" not in kinds:
        raise InvalidCard("file", "holds no picture (no IDAT chunk)")
    first = kinds.index(b"IDAT")
    last = len(kinds) - 1 - kinds[::-1].index(b"IDAT")
    if last - first + 1 != kinds.count(b"IDAT"):
        raise InvalidCard(f"byte {chunks[first].start}", "the picture data (IDAT) is not in one piece")
    if chunks[-1].end - chunks[-1].start != 12:
        raise InvalidCard(f"byte {chunks[-1].start}", "IEND holds data")


def _check_keywords(chunks: Sequence[Chunk]) -> None:
    seen: dict[str, Chunk] = {}
    for chunk in chunks:
        if chunk.key is None:
            continue
        if chunk.key in seen:
            name = (chunk.keyword or "")[:79]
            raise InvalidCard(
                f"byte {chunk.start}", f"a second text {name!r} (the first is at byte {seen[chunk.key].start})"
            )
        seen[chunk.key] = chunk


def splice(png: Png, new: Sequence[bytes], *, replace: Mapping[Chunk, bytes] | None = None) -> bytes:
    """The file with the finished chunks `new` put directly before the first IDAT.

    replace: what stands instead of a chunk, b"" for nothing. Every other chunk stays byte for byte and in its
    order. Raises InvalidCard if the result is too large.
    """
    replace = replace or {}
    pieces = [SIGNATURE]
    placed = False
    for chunk in png.chunks:
        if chunk.type == b"IDAT" and not placed:
            pieces += new
            placed = True
        pieces.append(replace[chunk] if chunk in replace else png.data[chunk.start : chunk.end])
    result = b"".join(pieces)
    if len(result) > MAX_FILE_BYTES:
        raise InvalidCard("file", f"would become larger than {MAX_FILE_BYTES // 2**20} MiB")
    return result


def make_chunk(kind: bytes, body: bytes) -> bytes:
    """A finished chunk: length, type, data, CRC."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make_text(keyword: str, text: str) -> bytes:
    """A tEXt chunk where Latin-1 can hold the text, else an uncompressed iTXt. The text must not hold NUL."""
    if "\0" in text or not 1 <= len(keyword) <= 79:
        raise ValueError("a text chunk needs a keyword of 1–79 characters and a text without NUL")
    try:
        return make_chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return make_international_text(keyword, text)


def make_international_text(keyword: str, text: str) -> bytes:
    """An iTXt chunk: UTF-8, not compressed, no language."""
    return make_chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8"))


def read_text(png: Png, chunk: Chunk, *, max_bytes: int) -> str:
    """The text of a tEXt, zTXt or iTXt chunk. Raises InvalidCard, also when it unpacks to more than max_bytes."""
    where = f"{chunk.keyword or 'text'} at byte {chunk.start}"
    body = png.body(chunk).partition(b"\0")[2]
    packed = chunk.type == b"zTXt"
    if packed:
        if body[:1] != b"\0":
            raise InvalidCard(where, "packed in an unknown way")
        body = body[1:]
    elif chunk.type == b"iTXt":
        flags, rest = body[:2], body[2:]
        pieces = rest.split(b"\0", 2)
        if flags not in (b"\0\0", b"\1\0", b"\0\1") or len(pieces) != 3:
            raise InvalidCard(where, "not a well-formed iTXt chunk")
        packed, body = flags[0] == 1, pieces[2]
    if packed:
        body = _unpack(body, where, max_bytes)
    if len(body) > max_bytes:
        raise InvalidCard(where, f"longer than {max_bytes} bytes")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        if chunk.type == b"iTXt":
            raise InvalidCard(where, "not UTF-8") from None
        return body.decode("latin-1")


def _unpack(body: bytes, where: str, max_bytes: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise InvalidCard(where, f"cannot be unpacked ({error})") from None
    if len(text) <= max_bytes and not unpacker.eof:
        raise InvalidCard(where, "cannot be unpacked: it ends too early")
    return text
