"""Websocket addresses."""

from __future__ import annotations

from django.urls import path

from images.consumers import StoryConsumer

websocket_urlpatterns = [path("ws/stories/<str:story_id>/", StoryConsumer.as_asgi())]
