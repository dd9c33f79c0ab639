"""People of a story and how they looked when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from images.models.pictures import GeneratedImage
from images.models.stories import Story, Turn


class Character(models.Model):
    """Somebody in a story; the name is folded so that "mira" and "Mira" are one."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="characters")
    name = models.CharField(max_length=255)
    folded_name = models.CharField(max_length=255)
    appearance = models.ForeignKey(
        "CharacterAppearance",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the present one",
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["story", "folded_name"], name="character_unique_per_story")]

    def __str__(self) -> str:
        return self.name


class CharacterAppearance(models.Model):
    """A look, from the turn in which it was first seen; linked to the look before it."""

    class Reason(models.TextChoices):
        INITIAL = "initial_appearance"
        NEW_OUTFIT = "new_outfit"
        TRANSFORMATION = "transformation"
        DESCRIPTION = "description_update"

    character = models.ForeignKey(Character, on_delete=models.CASCADE, related_name="appearances")
    turn = models.ForeignKey(Turn, null=True, blank=True, on_delete=models.SET_NULL, related_name="appearances")
    dreamer_content = models.ForeignKey(
        "DreamerContent", null=True, blank=True, on_delete=models.SET_NULL, related_name="appearances"
    )
    description = models.TextField(blank=True)
    outfit = models.TextField(blank=True)
    physical_features = models.TextField(blank=True)
    is_significant_change = models.BooleanField(default=False)
    change_reason = models.CharField(max_length=20, choices=Reason, default=Reason.INITIAL)
    previous_appearance = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="next_appearances"
    )
    portrait_image = models.ForeignKey(
        GeneratedImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="appearances"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["character"], condition=Q(change_reason="initial_appearance"), name="appearance_one_initial"
            )
        ]

    def __str__(self) -> str:
        return f"{self.character_id}: {self.change_reason}"


class TurnCharacter(models.Model):
    """Who was present in a turn, as the turn tells it."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="cast")
    character = models.ForeignKey(Character, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveSmallIntegerField(default=0)
    expression = models.CharField(max_length=200, blank=True)
    appearance = models.ForeignKey(
        CharacterAppearance, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed = models.BooleanField(default=False)
    change_reason = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["turn", "character"], name="turncharacter_unique")]

    def __str__(self) -> str:
        return f"{self.character_id} in {self.turn_id}"
