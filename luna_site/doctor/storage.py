"""Where pictures are kept: writable, and with room."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.conf import settings

from compute.services.files import free_bytes
from luna_site.doctor.findings import Check, Finding, fail, ok, warn

GIB = 2**30
KEY = "image_generation.storage.base_path"


def writable() -> list[Finding]:
    """A file can be written, read and removed. A folder that is not there yet is not made here: the doctor may run
    as another person than LUNA."""
    folder = Path(settings.STORAGE_DIR)
    if not folder.exists():
        above = next(parent for parent in folder.parents if parent.exists())
        if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
            return [ok("storage", f"{folder} is made with the first picture")]
        return [fail("storage", f"{folder} cannot be made in {above}", f"allow it, or set {KEY} or LUNA_DATA")]
    probe, words = folder / f".doctor-{secrets.token_hex(6)}.part", b"LUNA"
    try:
        with open(probe, "xb") as file:
            file.write(words)
            file.flush()
            os.fsync(file.fileno())
        same = probe.read_bytes() == words
    except OSError as error:
        advice = f"allow writing there, or set {KEY} or LUNA_DATA"
        return [fail("storage", f"{folder} cannot be written ({error.strerror})", advice)]
    finally:
        probe.unlink(missing_ok=True)
    if not same:
        return [fail("storage", f"{folder} gives back other bytes than were written", "see to the disk")]
    return [ok("storage", f"{folder} is writable")]


def space() -> list[Finding]:
    """More is free than LUNA_MIN_FREE_GB asks."""
    free_gb, least_gb = free_bytes() / GIB, float(settings.MIN_FREE_GB)
    detail = f"{free_gb:.1f} GB free, LUNA_MIN_FREE_GB is {least_gb:g}"
    advice = "make room, delete stories that are over, or lower LUNA_MIN_FREE_GB"
    if free_gb < least_gb:
        return [fail("disk space", f"{detail}: no picture is made", advice)]
    if free_gb < 2 * least_gb:
        return [warn("disk space", f"{detail}: nearly full", advice)]
    return [ok("disk space", detail)]


CHECKS = [Check("storage", writable), Check("disk space", space)]
