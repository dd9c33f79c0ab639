"""Whether this installation can send mail, for pages that would promise some."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def can_send_mail() -> bool:
    """True when EMAIL_URL is set: without it the dummy backend swallows everything."""
    return "dummy" not in str(settings.EMAIL_BACKEND)
