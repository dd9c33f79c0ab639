"""From what a turn tells to the parameters of a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from images.config import PictureConfig
from images.models import Story, Turn
from images.prompt_templates import render_template, template_version

SEEDS = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePlan:
    """Everything a GeneratedImage row needs before a worker is asked. seed is that of variant 1."""

    image_type: str
    subject_key: str
    prompt: str
    negative_prompt: str
    config: PictureConfig
    seed: int
    variants: int = 1
    cache_key: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What a portrait shows."""

    name: str
    description: str = ""
    outfit: str = ""
    physical_features: str = ""
    expression: str = ""

    @property
    def physical_description(self) -> str:
        """Description and features in one phrase, without saying a thing twice."""
        if self.physical_features and self.physical_features.lower() in self.description.lower():
            return self.description
        return ", ".join(part for part in (self.description, self.physical_features) if part)


def picture_seed(*parts: object) -> int:
    """A seed that follows from what the picture is of: the same turn gives the same seed again."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def variant_seed(seed: int, variant: int) -> int:
    """Seed of variant n, counted from 1: (seed + n − 1) mod 2³² (architecture, "The life of one turn")."""
    return (seed + variant - 1) % SEEDS


def _prompt(image_type: str, story: Story, values: dict[str, str]) -> str:
    template = settings.IMAGE_GENERATION.template(image_type)
    base = render_template(template, values)
    # A style is part of every picture of a story, so it is appended rather than left to each template.
    return ", ".join(part for part in (base, story.style) if part)


def background_plan(*, story: Story, turn: Turn, force: bool = False) -> PicturePlan:
    """The place of a turn."""
    config = settings.IMAGE_GENERATION.background_images
    prompt = _prompt(
        "background",
        story,
        {
            "location": turn.location,
            "description": turn.location_description,
            "time_of_day": turn.time_of_day,
            "weather": turn.weather,
        },
    )
    key = background_cache_key(story=story, turn=turn)
    return PicturePlan(
        image_type="background",
        subject_key=turn.location,
        prompt=prompt,
        negative_prompt=settings.IMAGE_GENERATION.negative_prompt,
        config=config,
        seed=picture_seed(story.pk, "background", key, turn.number if force else 0),
        cache_key=key,
        force=force,
    )


def background_cache_key(*, story: Story, turn: Turn) -> str:
    """SHA-256 of what makes one background another picture; never of the seed (architecture)."""
    config = settings.IMAGE_GENERATION.background_images
    varied = [getattr(turn, name).strip().lower() for name in sorted(config.vary_by)]
    size = f"{config.width_px}x{config.height_px}"
    version = template_version(settings.IMAGE_GENERATION.template("background"))
    parts = [
        normalised_location(turn.location),
        *varied,
        story.style,
        config.model,
        size,
        str(config.steps),
        f"{config.cfg_scale:g}",
        config.sampler,
        version,
    ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def normalised_location(location: str) -> str:
    """The name that counts as the same place: folded case and spaces, without a leading article."""
    words = location.lower().replace("’", "'").split()
    if words and words[0] in ("the", "a", "an"):
        words = words[1:]
    return " ".join(words).strip(" .,;:!?")


def action_plan(*, story: Story, turn: Turn, cast: Sequence[str], variants: int, force: bool) -> PicturePlan:
    """The moment of a turn."""
    what = turn.action_description or turn.summary or turn.player_input
    prompt = _prompt(
        "action",
        story,
        {
            "action_description": what,
            "description": turn.location_description,
            "characters_present": ", ".join(cast),
            "location": turn.location,
            "time_of_day": turn.time_of_day,
            "weather": turn.weather,
        },
    )
    return PicturePlan(
        image_type="action",
        subject_key=f"turn_{turn.number}",
        prompt=prompt,
        negative_prompt=settings.IMAGE_GENERATION.negative_prompt,
        config=settings.IMAGE_GENERATION.turn_images,
        seed=picture_seed(story.pk, "action", turn.number, turn.tries if force else 0),
        variants=variants,
        force=force,
    )


def portrait_plan(*, story: Story, looks: Looks, seed_key: object) -> PicturePlan:
    """A character as it looks now."""
    prompt = _prompt(
        "character",
        story,
        {
            "character_name": looks.name,
            "name": looks.name,
            "description": looks.description,
            "physical_description": looks.physical_description,
            "outfit": looks.outfit,
            "expression": looks.expression,
        },
    )
    return PicturePlan(
        image_type="character",
        subject_key=looks.name,
        prompt=prompt,
        negative_prompt=settings.IMAGE_GENERATION.negative_prompt,
        config=settings.IMAGE_GENERATION.character_portraits,
        seed=picture_seed(story.pk, "character", looks.name.lower(), seed_key),
    )


def job_params(image: Any) -> dict[str, Any]:
    """Parameters of an image_generation job (contract, "Parameters") for a GeneratedImage row."""
    return {
        "prompt": image.prompt,
        "negative_prompt": image.negative_prompt,
        "model": image.model_name,
        "sampler": image.sampler,
        "steps": image.steps,
        "cfg_scale": float(image.cfg_scale),
        "seed": image.seed,
        "width": image.width,
        "height": image.height,
    }
