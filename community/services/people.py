"""People: registering, tokens, their own data, and going away."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol, cast

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from community.models import ApiToken, User
from compute.common.errors import Forbidden, InvalidParameters

TOKENS_PER_PERSON = 20
USERNAME_LEAST, USERNAME_MOST = 3, 40
PASSWORD_MOST = 200
FULL_AGE_YEARS = 18
DELETED_PREFIX = "deleted-"
# Apps above this one name what they hold about a person in settings.PERSON_DATA_HANDLERS.
DEFAULT_DATA_HANDLERS = ("images.people.StoryData",)


class PersonData(Protocol):
    """What an app holds about a person. A class with no arguments, named in settings.PERSON_DATA_HANDLERS."""

    def export(self, user: User) -> dict[str, Any]:
        """Everything the person may take along, JSON-able, by section name."""
        ...

    def erase(self, user: User) -> None:
        """Delete it, inside the caller's transaction; files may follow after the commit."""
        ...


def person_data_handlers() -> Iterator[PersonData]:
    """One instance of each configured handler."""
    for name in getattr(settings, "PERSON_DATA_HANDLERS", DEFAULT_DATA_HANDLERS):
        yield cast(PersonData, import_string(name)())


def username_problem(username: str) -> str | None:
    """Why this cannot be a new person's name, or None. The same rule for the API and the sign-up page."""
    if not USERNAME_LEAST <= len(username) <= USERNAME_MOST:
        return f"must have {USERNAME_LEAST} to {USERNAME_MOST} characters"
    if "@" in username:
        return "must not contain @: it could be somebody's e-mail address"  # one can sign in with either
    if username.casefold().startswith(DELETED_PREFIX):
        return f"must not begin with {DELETED_PREFIX}"
    try:
        User.username_validator(username)
    except ValidationError:
        return "may contain letters, digits and . + - _ only"
    if User.objects.filter(username__iexact=username).exists():
        return "is taken"
    return None


def registration_check() -> None:
    """Raises Forbidden `registration_closed` unless anybody may register here."""
    if settings.REGISTRATION == "open":
        return
    how = "by invitation only" if settings.REGISTRATION == "invite" else "closed"
    raise Forbidden(f"Registration is {how} on this LUNA.", code="registration_closed")


def user_register(*, username: str, password: str, email: str = "") -> User:
    """A new person. Raises Forbidden (`registration_closed`) or InvalidParameters, which names each wrong field."""
    registration_check()
    username = unicodedata.normalize("NFKC", username)
    email = email.strip()
    fields: dict[str, list[str]] = {}
    if problem := username_problem(username):
        fields["username"] = [problem]
    if problem := _email_problem(email):
        fields["email"] = [problem]
    if problems := _password_problems(password, User(username=username, email=email)):
        fields["password"] = problems
    if fields:
        name, texts = next(iter(fields.items()))
        raise InvalidParameters(f"{name}: {texts[0]}", fields=fields)
    try:
        with transaction.atomic():
            user = User.objects.create_user(username=username, email=email, password=password)
            _email_record(user)
    except IntegrityError:
        # Somebody took the name between the look and the insert.
        raise InvalidParameters("username: is taken", fields={"username": ["is taken"]}) from None
    return user


def _password_problems(password: str, user: User) -> list[str]:
    if len(password) > PASSWORD_MOST:
        return [f"must have at most {PASSWORD_MOST} characters"]
    try:
        validate_password(password, user)
    except ValidationError as error:
        return list(error.messages)
    return []


def _email_problem(email: str, user: User | None = None) -> str | None:
    if not email:
        return None
    try:
        validate_email(email)
    except ValidationError:
        return "is not an e-mail address"
    others = User.objects.filter(email__iexact=email)
    if user is not None:
        others = others.exclude(pk=user.pk)
    return "cannot be used" if others.exists() else None


def _email_record(user: User) -> None:
    """Keep allauth's table, which password resets read, in step with the person's address."""
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
    if user.email:
        EmailAddress.objects.get_or_create(user=user, email=user.email.lower(), defaults={"primary": True})


@transaction.atomic
def token_create(*, user: User) -> str:
    """A new key, shown this once. A person keeps the newest 20; older ones stop working."""
    User.objects.select_for_update().only("pk").get(pk=user.pk)  # two requests must not both see 19
    key = ApiToken.new_key()
    ApiToken.objects.create(user=user, digest=ApiToken.digest_of(key))
    newest = ApiToken.objects.filter(user=user).order_by("-created_at", "-pk").values_list("pk", flat=True)
    ApiToken.objects.filter(user=user).exclude(pk__in=list(newest[:TOKENS_PER_PERSON])).delete()
    return key


def user_update(*, user: User, changes: dict[str, Any], now: datetime | None = None) -> User:
    """Change email, birth_year, rating_ceiling or theme. Raises InvalidParameters.

    Ratings above `safe` need a birth year that makes the person 18; changing the year below that falls back to safe.
    """
    year = (now or timezone.now()).year
    updated: list[str] = []
    for name in ("email", "birth_year", "rating_ceiling", "theme"):
        if name in changes:
            setattr(user, name, changes[name])
            updated.append(name)
    if "email" in changes and (problem := _email_problem(user.email, user)):
        raise InvalidParameters(f"email: {problem}", fields={"email": [problem]})
    if user.birth_year is not None and not 1900 <= user.birth_year <= year:
        problem = f"must lie between 1900 and {year}"
        raise InvalidParameters(f"birth_year: {problem}", fields={"birth_year": [problem]})
    of_age = user.birth_year is not None and year - user.birth_year > FULL_AGE_YEARS
    if user.rating_ceiling != User.Rating.SAFE and not of_age:
        if "rating_ceiling" in changes:
            problem = f"needs a birth_year that makes you at least {FULL_AGE_YEARS} on every day of this year"
            raise InvalidParameters(f"rating_ceiling: {problem}", fields={"rating_ceiling": [problem]})
        user.rating_ceiling = User.Rating.SAFE
        updated.append("rating_ceiling")
    with transaction.atomic():
        user.save(update_fields=updated)
        if "email" in changes:
            _email_record(user)
    return user


@transaction.atomic
def user_delete(*, user: User) -> None:
    """The person goes: their stories and addresses are deleted, the account stays as an anonymous shell.

    Rows that must remain (credits, moderation) keep pointing at the shell. Tokens and sessions end at once.
    """
    for handler in person_data_handlers():
        handler.erase(user)
    ApiToken.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    user.username = f"{DELETED_PREFIX}{user.pk}"
    user.email = user.first_name = user.last_name = ""
    user.birth_year = None
    user.rating_ceiling = User.Rating.SAFE
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()  # changes the session hash too
    user.save()
    user.groups.clear()
    user.user_permissions.clear()


def user_export(*, user: User) -> dict[str, Any]:
    """Everything kept about a person, JSON-able."""
    tokens = ApiToken.objects.filter(user=user).order_by("created_at").values("created_at", "last_used_at")
    data: dict[str, Any] = {
        "person": {
            "username": user.username,
            "email": user.email,
            "birth_year": user.birth_year,
            "rating_ceiling": user.rating_ceiling,
            "theme": user.theme,
            "joined_at": user.date_joined,
            "last_sign_in_at": user.last_login,
        },
        "tokens": list(tokens),
    }
    for handler in person_data_handlers():
        data.update(handler.export(user))
    return data
