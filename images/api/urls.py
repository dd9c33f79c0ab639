"""Addresses under /api/v1/ that concern stories, turns and pictures."""

from __future__ import annotations

from django.urls import path

from images.api import export, files, pictures, stories, turns

urlpatterns = [
    path("stories/", stories.StoriesView.as_view()),
    path("stories/<str:story_id>/", stories.StoryView.as_view()),
    path("stories/<str:story_id>/turns/", turns.TurnsView.as_view()),
    path("stories/<str:story_id>/images/", pictures.ImagesView.as_view()),
    path("stories/<str:story_id>/stats/", stories.StatsView.as_view()),
    path("stories/<str:story_id>/export/", export.ExportView.as_view()),
    path("stories/<str:story_id>/characters/", stories.CharactersView.as_view()),
    # Names may hold slashes.
    path("stories/<str:story_id>/characters/<path:name>/appearances/", stories.AppearancesView.as_view()),
    path("stories/<str:story_id>/characters/<path:name>/", stories.CharacterView.as_view()),
    path("turns/<int:turn_id>/", turns.TurnView.as_view()),
    path("turns/<int:turn_id>/retry/", turns.TurnRetryView.as_view()),
    path("turns/<int:turn_id>/images/", turns.TurnImagesView.as_view()),
    path("images/<int:image_id>/", pictures.ImageView.as_view()),
    path("images/<int:image_id>/regenerate/", pictures.RegenerateView.as_view()),
    path("images/<int:image_id>/select/", pictures.SelectView.as_view()),
    path("images/<int:image_id>/cancel/", pictures.CancelView.as_view()),
    path("images/<int:image_id>/file/", files.ImageFileView.as_view()),
    path("images/<int:image_id>/thumb/", files.ImageThumbView.as_view()),
    path("images/<int:image_id>/card/", files.ImageCardView.as_view()),
]
