"""What the very first start prepares: somebody to sign in as, and a story to play."""

from __future__ import annotations

import os
import secrets

from django.contrib.auth import get_user_model
from django.db import transaction

from images.services.demo import demo_story_create

ADMIN = "admin"


@transaction.atomic
def first_start() -> list[str]:
    """Make the user `admin` and the demo story, once. Returns lines to print; none after the first start.

    LUNA_ADMIN_PASSWORD names the password; otherwise one is made and printed, this once.
    """
    users = get_user_model()
    if users.objects.filter(is_superuser=True).exists():
        return []
    given = os.environ.get("LUNA_ADMIN_PASSWORD", "")
    password = given or secrets.token_urlsafe(9)
    admin = users.objects.create_superuser(ADMIN, password=password)
    demo_story_create(owner=admin)
    shown = "the password from LUNA_ADMIN_PASSWORD" if given else f"password {password}  (shown this once)"
    return [f"Sign in as {ADMIN}, {shown}."]
