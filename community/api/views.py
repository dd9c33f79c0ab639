"""Registering, tokens, and one's own account."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import authenticate
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from community.api.authentication import TokenAuthentication
from community.api.serializers import MeIn, MeOut, NotificationPageOut, RegisterIn, RegisterOut, TokenIn, TokenOut
from community.models import User
from community.services import people
from compute.common.api.limits import rate_check, rate_limit

REGISTRATIONS_PER_HOUR = 20
FAILURES_PER_ADDRESS, FAILURES_PER_NAME = 20, 5
FAILURE_WINDOW_S = 300
EXPORTS_PER_HOUR = 10


def _address(request: Request) -> str:
    return str(request.META.get("REMOTE_ADDR") or "unknown")


class InvalidCredentials(exceptions.AuthenticationFailed):
    """The name and the password do not belong together; which of them is wrong is not said."""

    default_detail = "The user name and the password do not belong together."
    default_code = "invalid_credentials"


class RegisterView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=RegisterIn, responses={201: RegisterOut}, tags=["people"], auth=[])
    def post(self, request: Request) -> Response:
        """Register and get a first token. Registration must be open on this installation."""
        people.registration_check()
        body = RegisterIn(data=request.data)
        body.is_valid(raise_exception=True)
        rate_limit("register", _address(request), most=REGISTRATIONS_PER_HOUR, window_s=3600)
        data = body.validated_data
        user = people.user_register(username=data["username"], password=data["password"], email=data.get("email") or "")
        return Response({"username": user.username, "token": people.token_create(user=user)}, status=201)


class TokenView(APIView):
    # The token header of this class only makes a failure a 401 with WWW-Authenticate.
    authentication_classes = (TokenAuthentication,)
    permission_classes = (AllowAny,)

    def perform_authentication(self, request: Request) -> None:
        """An old, invalid token in the header must not keep anybody from getting a new one."""

    @extend_schema(request=TokenIn, responses={200: TokenOut}, tags=["people"], auth=[])
    def post(self, request: Request) -> Response:
        """A new token for name and password. The newest 20 of a person work."""
        body = TokenIn(data=request.data)
        body.is_valid(raise_exception=True)
        name = body.validated_data["username"]
        counted = (
            ("sign-in-address", _address(request), FAILURES_PER_ADDRESS),
            ("sign-in-name", name.casefold(), FAILURES_PER_NAME),
        )
        for scope, who, most in counted:
            rate_check(scope, who, most=most, window_s=FAILURE_WINDOW_S)
        user = authenticate(request._request, username=name, password=body.validated_data["password"])
        if not isinstance(user, User):
            for scope, who, _ in counted:
                rate_limit(scope, who, most=10**9, window_s=FAILURE_WINDOW_S)
            raise InvalidCredentials
        return Response({"token": people.token_create(user=user)})


class MeView(APIView):
    @extend_schema(responses={200: MeOut}, tags=["people"])
    def get(self, request: Request) -> Response:
        """My account."""
        return Response(MeOut(cast(User, request.user)).data)

    @extend_schema(request=MeIn, responses={200: MeOut}, tags=["people"])
    def patch(self, request: Request) -> Response:
        """Change my account."""
        body = MeIn(data=request.data)
        body.is_valid(raise_exception=True)
        user = people.user_update(user=cast(User, request.user), changes=dict(body.validated_data))
        return Response(MeOut(user).data)

    @extend_schema(request=None, responses={204: None}, tags=["people"])
    def delete(self, request: Request) -> Response:
        """Delete my account: my stories and pictures go, what must stay is anonymous."""
        people.user_delete(user=cast(User, request.user))
        return Response(status=204)


class MeExportView(APIView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT}, tags=["people"])
    def get(self, request: Request) -> Response:
        """Everything kept about me, as one JSON file. Pictures are in each story's export."""
        rate_limit("me-export", str(request.user.pk), most=EXPORTS_PER_HOUR, window_s=3600)
        data: dict[str, Any] = people.user_export(user=cast(User, request.user))
        return Response(data, headers={"Content-Disposition": 'attachment; filename="luna-my-data.json"'})


class NotificationsView(APIView):
    @extend_schema(responses={200: NotificationPageOut}, tags=["people"])
    def get(self, request: Request) -> Response:
        """What LUNA has to tell me. Nothing sends notifications yet, so the list is empty."""
        return Response({"next": None, "previous": None, "results": []})
