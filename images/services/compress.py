"""Old pictures stored smaller: PNG files become JPEG or WebP, one at a time.

The new file is written and settled first; one transaction then points every picture that shares the old file to the new
one and gives the old one up. A kill in between leaves a `writing` row that the ticker sweeps, never a picture without
its file. The card is made from the picture's row whenever it is downloaded (images.services.files.image_card_bytes).
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from PIL import Image

from compute.audits import paged
from compute.models import StoredFile
from compute.services.files import StorageFull, file_write, files_delete, files_ready, storage_path
from images.models import GeneratedImage
from images.services.files import MIMES, PIXELS_MOST

FORMATS = ("jpeg", "webp")
FILE_MOST_BYTES = 256 * 1024 * 1024
# An XMP packet must fit one JPEG segment with its header (64 KiB); the one LUNA writes has about 1 KiB.
XMP_MOST_BYTES = 60_000
_SUFFIXES = {"jpeg": "jpg", "webp": "webp"}


@dataclass
class Totals:
    """What became of the files. compressed: stored anew; kept: would not be smaller; skipped: missing or broken."""

    compressed: int = 0
    kept: int = 0
    skipped: int = 0
    saved_bytes: int = 0


class BrokenPicture(Exception):
    """The stored file is missing, changed or no picture."""


def pictures_compress(
    *, older_than: timedelta, to: str, quality: int, report: Callable[[str], object], dry_run: bool = False
) -> Totals:
    """Store the PNG files of complete pictures older than this as `to` (jpeg or webp). report gets a line for each
    file that is missing or broken. Raises StorageFull; what was done until then stays done."""
    users = GeneratedImage.objects.filter(file=OuterRef("pk"), status=GeneratedImage.Status.COMPLETE)
    old = StoredFile.objects.filter(
        Exists(users), state=StoredFile.State.READY, mime="image/png", created_at__lt=timezone.now() - older_than
    )
    totals = Totals()
    for row in paged(old, size=100):
        try:
            data = _encoded(_stored_bytes(row), to=to, quality=quality)
            if len(data) >= row.size_bytes:
                totals.kept += 1
                continue
            if not dry_run and not _replace(row, data, to=to):
                continue
        except StorageFull:
            raise
        except (BrokenPicture, OSError) as error:
            if StoredFile.objects.filter(pk=row.pk, state=StoredFile.State.READY).exists():
                report(f"{row.path}: {error}")
                totals.skipped += 1
            continue  # else it was deleted while we looked
        totals.compressed += 1
        totals.saved_bytes += row.size_bytes - len(data)
    return totals


def _stored_bytes(row: StoredFile) -> bytes:
    """The bytes as they were stored. Raises BrokenPicture."""
    if row.size_bytes > FILE_MOST_BYTES:
        raise BrokenPicture(f"has {row.size_bytes:,} bytes, at most {FILE_MOST_BYTES:,} are read")
    try:
        with open(storage_path(row.path), "rb") as file:
            data = file.read(row.size_bytes + 1)
    except FileNotFoundError:
        raise BrokenPicture("is missing") from None
    except (OSError, ValueError) as error:
        raise BrokenPicture(f"cannot be read ({error})") from error
    if hashlib.sha256(data).hexdigest() != row.checksum:
        raise BrokenPicture("does not have the stored checksum")
    return data


def _encoded(data: bytes, *, to: str, quality: int) -> bytes:
    """The same pixels as JPEG or WebP, with colour profile and the XMP packet that says how it was made."""
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if picture.width * picture.height > PIXELS_MOST:
                raise BrokenPicture(f"has {picture.width}×{picture.height} pixels")
            picture.load()
            profile, xmp = picture.info.get("icc_profile"), picture.info.get("xmp")
            if to == "jpeg" or picture.mode not in ("RGB", "RGBA"):
                profile = profile if picture.mode in ("RGB", "RGBA") else None
                see_through = to != "jpeg" and ("A" in picture.mode or "transparency" in picture.info)
                shown = picture.convert("RGBA" if see_through else "RGB")
            else:
                shown = picture.copy()
            shown.info.clear()
            xmp = xmp if isinstance(xmp, bytes) and len(xmp) <= XMP_MOST_BYTES else b""
            if to == "jpeg":
                shown.save(out, "JPEG", quality=quality, optimize=True, icc_profile=profile, xmp=xmp)
            else:
                shown.save(out, "WEBP", quality=quality, method=4, icc_profile=profile or b"", xmp=xmp)
    except BrokenPicture:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BrokenPicture(f"is not a whole picture ({error})") from error
    return out.getvalue()


def _replace(old: StoredFile, data: bytes, *, to: str) -> bool:
    """Write the new file, then give every picture the new one for the old. Returns False if nothing uses it any more.

    Its name is new with every try, so that what an interrupted try left behind is in nobody's way.
    """
    path = f"{old.path.rsplit('.', 1)[0]}_{secrets.token_hex(3)}.{_SUFFIXES[to]}"
    new = file_write(path=path, data=data, mime=MIMES[to])
    try:
        with transaction.atomic():
            # Pictures before files, as wherever a picture is deleted.
            users = GeneratedImage.objects.filter(file_id=old.pk)
            list(users.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
            # A picture that begins to share the file meanwhile holds this lock too, and is seen below.
            still = StoredFile.objects.select_for_update().filter(pk=old.pk, state=StoredFile.State.READY).first()
            ids = list(users.values_list("pk", flat=True)) if still else []
            if not ids:
                files_delete(file_ids=[new.pk])
                return False
            GeneratedImage.objects.filter(pk__in=ids).update(file=new)
            files_ready(file_ids=[new.pk])
            files_delete(file_ids=[old.pk])
    except Exception:
        with transaction.atomic():
            files_delete(file_ids=[new.pk])
        raise
    return True
