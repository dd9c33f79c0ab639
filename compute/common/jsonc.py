"""JSON with `//` comments, for files that people write by hand.

A comment runs from `//` outside a string to the end of its line. Everything else is plain JSON (RFC 8259), read
more strictly than Python does by default: no NaN or Infinity, no key twice in one object.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32

# A string, or a comment. Strings come first, so a `//` inside one is never taken for a comment. The closing quote
# may be missing (the JSON reader complains then): a match never fails late, so the scan stays linear.
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*+"?|//[^\n]*')
_TRAILING_COMMA = re.compile(r",\s*\Z")


class JsoncError(ValueError):
    """The text is not JSON. line and column count from 1; both are 0 where the fault has no single place."""

    def __init__(self, message: str, line: int = 0, column: int = 0):
        super().__init__(f"line {line}, column {column}: {message}" if line else message)
        self.message = message
        self.line = line
        self.column = column


class _Object(dict[str, Any]):
    """An object that remembers which of its keys was written twice."""

    repeated: str | None = None


def blank_comments(text: str) -> str:
    """Replace each comment by as many spaces, so that every other character keeps its line and column."""
    return _STRING_OR_COMMENT.sub(lambda m: " " * len(m[0]) if m[0].startswith("//") else m[0], text)


def parse_jsonc(text: str) -> Any:
    """Read JSON with comments. Raises JsoncError, and nothing else.

    Refused: more than MAX_BYTES, deeper than MAX_DEPTH, a key twice in one object, NaN and Infinity.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise JsoncError(f"the text is larger than {MAX_BYTES} bytes")
    blanked = blank_comments(text.removeprefix("\ufeff"))
    try:
        value = json.loads(blanked, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise JsoncError(_plain_message(error, blanked), error.lineno, error.colno) from None
    except RecursionError:
        raise JsoncError(f"nested deeper than {MAX_DEPTH} levels") from None
    except JsoncError:
        raise
    except ValueError:  # Python refuses to convert integers of more than 4,300 digits
        raise JsoncError("a number has too many digits") from None
    _check_tree(value)
    return value


def read_jsonc(path: Path) -> Any:
    """Read a file. Raises JsoncError for what is in it, OSError if it cannot be read."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise JsoncError(f"the file is larger than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise JsoncError("not UTF-8 text; save the file as UTF-8", line, column) from None
    return parse_jsonc(text.replace("\r\n", "\n"))


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object()
    for key, value in pairs:
        if key in result and result.repeated is None:
            result.repeated = key
        result[key] = value
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise JsoncError(f"{name} is not JSON; write a number")


def _plain_message(error: json.JSONDecodeError, text: str) -> str:
    before = text[: error.pos]
    if text[error.pos : error.pos + 1] in ("}", "]") and _TRAILING_COMMA.search(before):
        return "a comma before the closing bracket; take it away"
    if text[error.pos : error.pos + 2] == "/*":
        return "only // comments are allowed"
    if text[error.pos : error.pos + 1] == "'":
        return "text must stand in double quotes"
    if not text.strip():
        return "the file is empty; write at least {}"
    return error.msg[:1].lower() + error.msg[1:]


def _check_tree(value: Any) -> None:
    waiting: list[tuple[Any, str, int]] = [(value, "", 1)]
    while waiting:
        item, path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise JsoncError(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(item, _Object):
            if item.repeated is not None:
                where = f"{path}.{item.repeated}" if path else item.repeated
                raise JsoncError(f"{where[:200]} is written twice; keep one of them")
            waiting += [(child, f"{path}.{key}" if path else key, depth + 1) for key, child in item.items()]
        elif isinstance(item, list):
            waiting += [(child, f"{path}[{index}]", depth + 1) for index, child in enumerate(item)]
