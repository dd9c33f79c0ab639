"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """People who are signed in go to their stories; others see what LUNA is."""
    if request.user.is_authenticated:
        return redirect("story_list")
    return render(request, "landing.html")
