"""Put a story away into a zip, or bring it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from compute.common.errors import DomainError
from images.services.archive import story_archive, story_restore


class Command(BaseCommand):
    help = (
        "Write a story with its pictures to DIR/STORY_ID.zip, check what was written, then remove it from LUNA. "
        "With --restore the other way round; the zip stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("story_id", metavar="STORY_ID")
        parser.add_argument("--to", required=True, metavar="DIR", help="the folder of archives")
        parser.add_argument("--restore", action="store_true", help="bring the story back from DIR/STORY_ID.zip")

    def handle(self, *, story_id: str, to: str, restore: bool, **options: Any) -> None:
        try:
            act = story_restore if restore else story_archive
            done = act(story_id=story_id, folder=Path(to))
        except DomainError as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{error}; nothing was removed") from error
        verb = "restored from" if restore else "archived in"
        self.stdout.write(f"{done.title!r} {verb} {done.path}: {done.rows} rows, {done.files} files.")
