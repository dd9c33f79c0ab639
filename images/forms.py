"""What people fill in about a story and its people. The services check the values; forms only read them."""

from __future__ import annotations

from typing import Any

from django import forms

from images.models import Story
from images.services.story_settings import story_settings_all

GENRES = (
    "fantasy",
    "science fiction",
    "mystery",
    "horror",
    "romance",
    "western",
    "fairy tale",
    "historical",
    "cyberpunk",
)
STYLES = (
    "oil painting, warm light",
    "ink and watercolour",
    "woodcut, two colours",
    "film still, 35 mm",
    "children's book illustration",
)


class StoryForm(forms.Form):
    """A new story."""

    title = forms.CharField(max_length=200)
    premise = forms.CharField(max_length=4000, required=False, widget=forms.Textarea)
    genre = forms.CharField(max_length=60, required=False)
    style = forms.CharField(max_length=200, required=False)


class StorySettingsForm(StoryForm):
    """A story and how it is illustrated."""

    variants = forms.TypedChoiceField(coerce=int, choices=[(n, str(n)) for n in range(1, 5)])
    generate_every_n_turns = forms.IntegerField(min_value=1, max_value=1000)
    backgrounds = forms.BooleanField(required=False)
    portraits = forms.BooleanField(required=False)

    SETTINGS = ("variants", "generate_every_n_turns", "backgrounds", "portraits")

    @staticmethod
    def values_of(story: Story) -> dict[str, Any]:
        """What the form shows first."""
        return {
            "title": story.title,
            "premise": story.premise,
            "genre": story.genre,
            "style": story.style,
            **story_settings_all(story),
        }

    def changes(self, story: Story) -> dict[str, Any]:
        """What story_update takes; only settings that differ, so that the others go on following the configuration."""
        data = self.cleaned_data
        now = story_settings_all(story)
        settings = {key: data[key] for key in self.SETTINGS if data[key] != now[key]}
        return {**{key: data[key] for key in ("title", "premise", "genre", "style")}, "settings": settings}


class LooksForm(forms.Form):
    """How somebody looks from now on."""

    description = forms.CharField(max_length=600, required=False, widget=forms.Textarea)
    outfit = forms.CharField(max_length=600, required=False, widget=forms.Textarea)
    physical_features = forms.CharField(max_length=600, required=False, widget=forms.Textarea)
