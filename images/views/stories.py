"""The list of stories, and making, changing and deleting one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from compute.common.errors import DomainError
from images.forms import GENRES, STYLES, StoryForm, StorySettingsForm
from images.models import GeneratedImage, Story, Turn
from images.representation import images_loaded, represent_images
from images.services.stories import story_create, story_delete, story_update
from images.views.common import person, say, sentences, sketchers_known, story_of

STORIES_A_PAGE = 60


@require_safe
@login_required
def story_list(request: HttpRequest) -> HttpResponse:
    """My stories, the one played last first, each with the place where it stands."""
    pictures = GeneratedImage.objects.filter(status="complete", is_speculative=False)
    stories = Story.objects.visible_to(request.user).annotate(
        turn_count=_number_of(Turn.objects.all()), picture_count=_number_of(pictures)
    )
    page = Paginator(stories.order_by("-active_at", "pk"), STORIES_A_PAGE).get_page(request.GET.get("page"))
    covers = _covers([story.pk for story in page])
    shelf = [(story, covers.get(story.pk)) for story in page]
    return render(
        request,
        "images/story_list.html",
        {"shelf": shelf, "page": page, "section": "stories", "sketchers": sketchers_known()},
    )


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    """How many of these rows a story has, counted apart: joining turns and pictures would multiply them."""
    counted = rows.filter(story=OuterRef("pk")).order_by().values("story").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _covers(story_ids: list[str]) -> dict[str, dict[str, Any]]:
    """For each story the newest finished picture of a place."""
    places = GeneratedImage.objects.filter(
        story__in=story_ids, image_type="background", status="complete", is_speculative=False
    )
    newest = places.order_by("story_id", "-turn__number", "-pk").distinct("story_id")
    return {image["story"]: image for image in represent_images(images_loaded(newest))}


@login_required
def story_new(request: HttpRequest) -> HttpResponse:
    """A form, then the story."""
    form = StoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            story = story_create(owner=person(request), **form.cleaned_data)
        except DomainError as error:
            _take_errors(form, error)
        else:
            return redirect("play", story.pk)
    status = 400 if form.errors else 200
    page = {"form": form, "section": "stories", "genres": GENRES, "styles": STYLES}
    return render(request, "images/story_new.html", page, status=status)


@login_required
def story_settings(request: HttpRequest, story_id: str) -> HttpResponse:
    """What the story is called and how it is illustrated."""
    story = story_of(request, story_id)
    form = StorySettingsForm(request.POST or None, initial=StorySettingsForm.values_of(story))
    if request.method == "POST" and form.is_valid():
        try:
            story_update(story=story, actor=person(request), changes=form.changes(story))
        except DomainError as error:
            _take_errors(form, error)
        else:
            messages.success(request, "Kept. It counts from the next turn.")
            return redirect("story_settings", story.pk)
    status = 400 if form.errors else 200
    page = {"story": story, "form": form, "section": "stories", "genres": GENRES, "styles": STYLES}
    return render(request, "images/story_settings.html", page, status=status)


@login_required
def story_remove(request: HttpRequest, story_id: str) -> HttpResponse:
    """Ask, then delete."""
    story = story_of(request, story_id)
    if request.method != "POST":
        counts = {"turns": story.turns.count(), "pictures": story.images.filter(status="complete").count()}
        return render(request, "images/story_delete.html", {"story": story, "counts": counts, "section": "stories"})
    try:
        story_delete(story=story, actor=person(request))
    except DomainError as error:
        say(request, error)
    else:
        messages.success(request, f"“{story.title}” is deleted.")
    return redirect("story_list")


def _take_errors(form: Form, error: DomainError) -> None:
    """Show a service's errors beside the fields they are about."""
    placed = False
    for name, texts in error.fields.items():
        field = name.removeprefix("settings.")
        if field in form.fields:
            form.add_error(field, texts)
            placed = True
    if not placed:
        form.add_error(None, sentences(error))
