"""A new API token for somebody, from the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.models import User
from community.services.people import token_create


class Command(BaseCommand):
    help = "Print a new API token of a person, this once. The newest 20 of each person work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USER")

    def handle(self, *, username: str, **options: Any) -> None:
        user = User.objects.filter(username__iexact=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is nobody of the name {username!r} who may sign in.")
        self.stdout.write(token_create(user=user))
