"""A story as one zip: the text, the pictures, the cards, and one page to read it all.

The zip is written to a temporary file, picture by picture, and streamed from there, so memory holds one picture at a
time whatever the story's size. Pictures are stored, not compressed: they are compressed already.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import PurePosixPath
from typing import IO, Any, cast

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from compute.common.api.limits import rate_limit
from compute.common.errors import NotFound, TooLarge
from images.api.access import story_of
from images.api.files import AnyAccept
from images.models import GeneratedImage, Story, Turn
from images.representation import represent_story, represent_turns, turns_loaded
from images.services.files import image_card_bytes, image_file_bytes, slug

CHUNK_BYTES = 256 * 1024
SPOOL_BYTES = 4 * 1024 * 1024
EXPORT_MOST_BYTES = 8 * 1024**3
EXPORTS_PER_HOUR = 30
TURNS_AT_ONCE = 50
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class TemporaryFileResponse(StreamingHttpResponse):
    """Streams an open temporary file and closes it, in pieces, under a synchronous server and an asynchronous one."""

    def __init__(self, file: IO[bytes], *, size: int, filename: str, content_type: str):
        self._file = file
        super().__init__(iter(lambda: file.read(CHUNK_BYTES), b""), content_type=content_type)
        self.headers["Content-Length"] = str(size)
        self.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        self.headers["Cache-Control"] = "private, no-store"

    def close(self) -> None:
        """Called when the answer is out, or the client left."""
        self._file.close()
        super().close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Django would read a synchronous iterator whole before sending it."""
        read = sync_to_async(self._file.read, thread_sensitive=False)
        while chunk := await read(CHUNK_BYTES):
            yield chunk


class ExportView(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY}, tags=["stories and turns"])
    def get(self, request: Request, story_id: str) -> HttpResponseBase:
        """The story as a zip: `story.html` to read, `story.json` and `story.txt`, `pictures/` and `cards/`."""
        story = story_of(request, story_id)
        rate_limit("story-export", str(request.user.pk), most=EXPORTS_PER_HOUR, window_s=3600)
        file = story_zip(story)
        size = file.seek(0, 2)
        file.seek(0)
        name = f"{slug(story.title)}.zip"
        return TemporaryFileResponse(file, size=size, filename=name, content_type="application/zip")


def story_zip(story: Story) -> IO[bytes]:
    """The zip in a temporary file, to be closed by the caller. Raises TooLarge above 8 GiB of pictures."""
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # noqa: SIM115 - the answer closes it
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            names = _write_pictures(archive, story)
            _write_words(archive, story, names)
    except BaseException:
        file.close()
        raise
    return file


def _write_pictures(archive: zipfile.ZipFile, story: Story) -> dict[int, str]:
    """Every finished picture that was used, and its card. Returns each image's file name; shared files once."""
    images = (
        GeneratedImage.objects.filter(story=story, status=GeneratedImage.Status.COMPLETE, is_speculative=False)
        .select_related("file", "story__owner", "turn")
        .order_by("pk")
    )
    by_file: dict[int, str] = {}
    names: dict[int, str] = {}
    total = 0
    for image in images.iterator(chunk_size=200):
        assert image.file_id is not None
        known = by_file.get(image.file_id)
        if known is None:
            try:
                data, mime = image_file_bytes(image)
                card = image_card_bytes(image)
            except NotFound:
                continue  # its file is lost; the words are still worth taking along
            total += len(data) + len(card)
            if total > EXPORT_MOST_BYTES:
                raise TooLarge("The story's pictures are more than 8 GiB; take them one by one.")
            stem = _stem(image)
            known = f"pictures/{stem}.{_EXTENSIONS.get(mime, 'bin')}"
            archive.writestr(known, data)
            archive.writestr(f"cards/{stem}.png", card)
            by_file[image.file_id] = known
        names[image.pk] = known
    return names


def _stem(image: GeneratedImage) -> str:
    number = f"turn-{image.turn.number:04d}-" if image.turn is not None else ""
    return f"{number}{image.image_type}-{slug(image.subject_key or image.image_type)}-{image.pk}"


def _write_words(archive: zipfile.ZipFile, story: Story, names: dict[int, str]) -> None:
    turns = list(_turns(story))
    for turn in turns:
        for image in turn["images"]:
            image["file"] = names.get(image["id"])
            image["card"] = _card_name(image["file"])
            for key in ("url", "thumb_url", "signed_url", "card_url"):
                del image[key]
    document = {"format": "luna-story-1", "story": represent_story(story), "turns": turns}
    page = render_to_string("story_export.html", {"story": story, "turns": turns})
    for name, text in (
        ("story.json", json.dumps(document, cls=JSONEncoder, ensure_ascii=False, indent=1)),
        ("story.txt", _plain_text(story, turns)),
        ("story.html", page),
    ):
        archive.writestr(name, text, compress_type=zipfile.ZIP_DEFLATED)


def _card_name(name: str | None) -> str | None:
    return f"cards/{PurePosixPath(name).stem}.png" if name else None


def _turns(story: Story) -> Iterator[dict[str, Any]]:
    """Every turn as the API shows it, read in pieces."""
    after = 0
    while rows := list(
        turns_loaded(Turn.objects.filter(story=story, number__gt=after).order_by("number"))[:TURNS_AT_ONCE]
    ):
        after = rows[-1].number
        for turn in represent_turns(rows):
            turn["paragraphs"] = [part.strip() for part in turn["narration"].split("\n") if part.strip()]
            yield turn


def _plain_text(story: Story, turns: list[dict[str, Any]]) -> str:
    parts = [story.title, "=" * len(story.title)]
    if story.premise:
        parts.append(story.premise)
    for turn in turns:
        place = ", ".join(part for part in (turn["location"], turn["time_of_day"], turn["weather"]) if part)
        parts.append(f"--- {turn['number']}{f' · {place}' if place else ''} ---")
        if turn["player_input"]:
            parts.append(f"> {turn['player_input']}")
        if turn["narration"]:
            parts.append(turn["narration"])
    return "\n\n".join(parts) + "\n"
