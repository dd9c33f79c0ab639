"""What the *people* addresses take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from community.models import User


class RegisterIn(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True, allow_null=True)
    referral_code = serializers.CharField(max_length=64, required=False, allow_blank=True, allow_null=True)


class RegisterOut(serializers.Serializer[Any]):
    username = serializers.CharField()
    token = serializers.CharField(help_text="Shown this once.")


class TokenIn(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class TokenOut(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Shown this once.")


class MeOut(serializers.Serializer[Any]):
    username = serializers.CharField()
    email = serializers.CharField()
    birth_year = serializers.IntegerField(allow_null=True)
    rating_ceiling = serializers.ChoiceField(choices=User.Rating.choices)
    theme = serializers.ChoiceField(choices=User.Theme.choices)
    is_staff = serializers.BooleanField()
    joined_at = serializers.DateTimeField(source="date_joined")


class MeIn(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    birth_year = serializers.IntegerField(required=False, allow_null=True, min_value=1900, max_value=2100)
    rating_ceiling = serializers.ChoiceField(choices=User.Rating.choices, required=False)
    theme = serializers.ChoiceField(choices=User.Theme.choices, required=False)


class NotificationOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class NotificationPageOut(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = NotificationOut(many=True)
