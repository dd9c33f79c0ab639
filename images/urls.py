"""Addresses of the pages about stories."""

from __future__ import annotations

from django.urls import path

from images.views import gallery, people, pictures, play, stories

urlpatterns = [
    path("stories/", stories.story_list, name="story_list"),
    path("stories/new/", stories.story_new, name="story_new"),
    path("stories/<str:story_id>/", play.play, name="play"),
    path("stories/<str:story_id>/turns.json", play.turns_json, name="turns_json"),
    path("stories/<str:story_id>/turns/", play.turn_create, name="turn_create"),
    path("stories/<str:story_id>/undo/", play.turn_undo, name="turn_undo"),
    path("stories/<str:story_id>/gallery/", gallery.gallery, name="gallery"),
    path("stories/<str:story_id>/people/", people.characters, name="characters"),
    path("stories/<str:story_id>/people/<int:character_id>/", people.character_edit, name="character_edit"),
    path("stories/<str:story_id>/settings/", stories.story_settings, name="story_settings"),
    path("stories/<str:story_id>/delete/", stories.story_remove, name="story_delete"),
    path("turns/<int:turn_id>/retry/", play.turn_again, name="turn_retry"),
    path("images/<int:image_id>/", pictures.picture, name="picture"),
    path("images/<int:image_id>/regenerate/", pictures.picture_regenerate, name="picture_regenerate"),
    path("images/<int:image_id>/select/", pictures.picture_select, name="picture_select"),
    path("images/<int:image_id>/delete/", pictures.picture_delete, name="picture_delete"),
]
