"""My account, the theme, and what LUNA is."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from community.models import ApiToken, User
from community.services.people import token_create, user_update
from compute.common.errors import DomainError

THEME_COOKIE = "luna_theme"
YEAR_S = 365 * 24 * 3600


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What LUNA is and what it does with what one writes."""
    return render(request, "community/about.html", {"section": "about"})


@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Theme, e-mail, password, keys for programs."""
    user = cast(User, request.user)
    if request.method == "POST":
        return _account_change(request, user)
    return _account_page(request, user)


def _account_change(request: HttpRequest, user: User) -> HttpResponse:
    changes = {name: request.POST[name].strip() for name in ("email", "theme") if name in request.POST}
    if "theme" in changes and changes["theme"] not in User.Theme.values:
        changes["theme"] = User.Theme.SYSTEM
    try:
        user_update(user=user, changes=changes)
    except DomainError as error:
        problems = {name: texts[0] for name, texts in error.fields.items()}
        user.refresh_from_db()
        return _account_page(request, user, problems=problems, email=changes.get("email"), status=error.status)
    messages.success(request, "Kept.")
    answer = redirect("account")
    if "theme" in changes:
        _remember(answer, changes["theme"])
    return answer


def _account_page(
    request: HttpRequest,
    user: User,
    *,
    problems: dict[str, str] | None = None,
    email: str | None = None,
    key: str = "",
    status: int = 200,
) -> HttpResponse:
    page = {
        "section": "account",
        "problems": problems or {},
        "email": user.email if email is None else email,
        "themes": [("system", "As the device"), ("dark", "Dark"), ("light", "Light")],
        "tokens": ApiToken.objects.filter(user=user).order_by("-created_at"),
        "key": key,
    }
    return render(request, "community/account.html", page, status=status)


@require_POST
@never_cache
@login_required
def account_token_create(request: HttpRequest) -> HttpResponse:
    """A new key, shown on the page that answers and never again."""
    user = cast(User, request.user)
    return _account_page(request, user, key=token_create(user=user), status=201)


@require_POST
@login_required
def account_token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """This key stops working at once."""
    gone, _ = ApiToken.objects.filter(user=cast(User, request.user), pk=token_id).delete()
    if gone:
        messages.success(request, "The key no longer works.")
    return redirect("account")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Dark, light, or as the device says; kept in a cookie and, for people who are signed in, in their account."""
    chosen = request.POST.get("theme", "")
    if chosen not in User.Theme.values:
        chosen = User.Theme.SYSTEM
    if request.user.is_authenticated:
        user_update(user=request.user, changes={"theme": chosen})
    wanted = request.POST.get("next", "/")
    here = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    answer = redirect(wanted if here else "/")
    _remember(answer, chosen)
    return answer


def _remember(answer: HttpResponse, chosen: str) -> None:
    answer.set_cookie(THEME_COOKIE, chosen, max_age=YEAR_S, samesite="Lax")
