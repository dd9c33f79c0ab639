"""Stories, their people, their figures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.common.api.idempotency import idempotent
from compute.common.api.pagination import page_response
from compute.common.api.params import text_param
from images.api.access import actor_of, character_of, story_of
from images.api.inputs import CharacterChangesIn, StoryIn
from images.api.outputs import (
    AppearancePageOut,
    CharacterOut,
    CharacterPageOut,
    StatsOut,
    StoryOut,
    StoryPageOut,
)
from images.api.paging import PAGE_PARAMETERS
from images.models import Character, CharacterAppearance, Story
from images.representation import represent_appearance, represent_character, represent_stories, represent_story
from images.selectors import story_stats
from images.services.characters import character_update
from images.services.stories import story_create, story_delete, story_touch, story_update

TAGS = ["stories and turns"]


class StoriesView(APIView):
    @extend_schema(
        operation_id="stories_list",
        parameters=[*PAGE_PARAMETERS, OpenApiParameter("external_id", OpenApiTypes.STR)],
        responses={200: StoryPageOut},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """My stories, newest first; `?external_id=` finds the one with that id."""
        stories = Story.objects.visible_to(request.user)
        external_id = text_param(request, "external_id", most=200)
        if external_id is not None:
            stories = stories.filter(external_id=external_id)
        return page_response(request, stories, ordering=("-created_at", "-id"), represent=represent_stories)

    @extend_schema(request=StoryIn, responses={201: StoryOut}, tags=TAGS)
    @idempotent
    def post(self, request: Request) -> Response:
        """Begin a story."""
        body = StoryIn(data=request.data)
        body.is_valid(raise_exception=True)
        story = story_create(owner=actor_of(request), **body.validated_data)
        return Response(represent_story(story), status=201, headers={"Location": f"{request.path}{story.pk}/"})


class StoryView(APIView):
    @extend_schema(responses={200: StoryOut}, tags=TAGS)
    def get(self, request: Request, story_id: str) -> Response:
        """One story. Reading it counts as a visit."""
        story = story_of(request, story_id)
        story_touch(story=story)
        return Response(represent_story(story))

    @extend_schema(request=StoryIn(partial=True), responses={200: StoryOut}, tags=TAGS)
    def patch(self, request: Request, story_id: str) -> Response:
        """Change what is given; `settings` are merged key by key."""
        story = story_of(request, story_id)
        body = StoryIn(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changed = story_update(story=story, actor=actor_of(request), changes=body.validated_data)
        return Response(represent_story(changed))

    @extend_schema(responses={204: None}, tags=TAGS)
    def delete(self, request: Request, story_id: str) -> Response:
        """Delete a story: hidden at once, its files are gone within a minute."""
        story_delete(story=story_of(request, story_id), actor=actor_of(request))
        return Response(status=204)


class StatsView(APIView):
    @extend_schema(responses={200: StatsOut}, tags=TAGS)
    def get(self, request: Request, story_id: str) -> Response:
        """Realisation of ideas, work by worker, storage, expired ideas, the pool."""
        return Response(story_stats(story=story_of(request, story_id)))


class CharactersView(APIView):
    @extend_schema(
        operation_id="stories_characters_list", parameters=PAGE_PARAMETERS, responses={200: CharacterPageOut}, tags=TAGS
    )
    def get(self, request: Request, story_id: str) -> Response:
        """Everybody in the story, as they look now."""
        people = Character.objects.filter(story=story_of(request, story_id)).select_related("appearance")
        return page_response(request, people, ordering=("folded_name",), represent=_characters)


def _characters(rows: list[Character]) -> list[dict[str, Any]]:
    return [represent_character(row) for row in rows]


class CharacterView(APIView):
    @extend_schema(request=CharacterChangesIn, responses={200: CharacterOut}, tags=TAGS)
    def patch(self, request: Request, story_id: str, name: str) -> Response:
        """Say how somebody looks from now on: records an appearance and makes a portrait."""
        character = character_of(request, story_id, name)
        body = CharacterChangesIn(data=request.data)
        body.is_valid(raise_exception=True)
        given = {key: value for key, value in body.validated_data.items() if value is not None}
        look = character_update(character=character, actor=actor_of(request), **given)
        character.appearance = look
        return Response(represent_character(character))

    @extend_schema(responses={200: CharacterOut}, tags=TAGS)
    def get(self, request: Request, story_id: str, name: str) -> Response:
        """One person of the story, as they look now."""
        return Response(represent_character(character_of(request, story_id, name)))


class AppearancesView(APIView):
    @extend_schema(
        operation_id="stories_appearances_list",
        parameters=PAGE_PARAMETERS,
        responses={200: AppearancePageOut},
        tags=TAGS,
    )
    def get(self, request: Request, story_id: str, name: str) -> Response:
        """How somebody looked, from the first appearance on."""
        character = character_of(request, story_id, name)
        looks = CharacterAppearance.objects.filter(character=character).select_related("character")
        return page_response(request, looks, ordering=("id",), represent=_appearances)


def _appearances(rows: list[CharacterAppearance]) -> list[dict[str, Any]]:
    return [represent_appearance(row) for row in rows]
