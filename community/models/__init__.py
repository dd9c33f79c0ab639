"""People, and what they own outside a story."""

from community.models.people import ApiToken, User

__all__ = ["ApiToken", "User"]
