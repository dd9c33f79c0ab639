"""What templates ask about this installation."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.template import Context

from luna_site.context import site as site_of_request

register = template.Library()


@register.simple_tag(takes_context=True)
def installation(context: Context) -> dict[str, Any]:
    """`site` as the context processor gives it: allauth's own views put another `site` into their context."""
    facts: dict[str, Any] = site_of_request(context["request"])["site"]
    return facts


@register.simple_tag
def can_send_mail() -> bool:
    """True when EMAIL_URL is set: without it the dummy backend swallows everything."""
    return "dummy" not in str(settings.EMAIL_BACKEND)
