"""Rows for tests, made through the models where a service would do more than a test wants."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import factory
from django.conf import settings
from django.utils import timezone
from factory.django import DjangoModelFactory
from PIL import Image
from rest_framework.test import APIClient

from community.models import User
from community.services.people import token_create
from compute.models import Job, NeedsClass, StoredFile
from images.models import Character, CharacterAppearance, DreamerContent, GeneratedImage, Story, Turn

PASSWORD = "a-long-enough-password-7"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    password = factory.django.Password(PASSWORD)


class StoryFactory(DjangoModelFactory[Story]):
    class Meta:
        model = Story

    owner = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda n: f"The story of number {n}")


class TurnFactory(DjangoModelFactory[Turn]):
    class Meta:
        model = Turn

    story = factory.SubFactory(StoryFactory)
    number = factory.Sequence(lambda n: n + 1)
    state = Turn.State.COMPLETE
    player_input = "I climb the stair."
    narration = "The stair climbs with you."


class ImageFactory(DjangoModelFactory[GeneratedImage]):
    """Pending, without a job. See `complete_image` and `queued_image`."""

    class Meta:
        model = GeneratedImage

    story = factory.SubFactory(StoryFactory)
    image_type = "action"
    prompt = "a lantern on a stair"
    model_name = "auto"
    steps = 4
    cfg_scale = Decimal("7.00")
    seed = factory.Sequence(lambda n: n)
    width = 64
    height = 64
    card_id = factory.LazyFunction(uuid.uuid4)


class DreamFactory(DjangoModelFactory[DreamerContent]):
    class Meta:
        model = DreamerContent

    story = factory.SubFactory(StoryFactory)
    content_type = "item"
    name = factory.Sequence(lambda n: f"Amulet {n}")
    description = "It hums when nobody listens."
    confidence_score = Decimal("0.80")


def picture_bytes(width: int = 64, height: int = 64, colour: int = 0, format: str = "PNG") -> bytes:
    """A small picture that is not one flat colour."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    picture.putpixel((0, 0), (colour % 256, colour // 256 % 256, 9))
    buffer = io.BytesIO()
    picture.save(buffer, format)
    return buffer.getvalue()


def stored_file(data: bytes, *, mime: str = "image/png") -> StoredFile:
    """A ready file in settings.STORAGE_DIR."""
    path = f"test/{uuid.uuid4().hex}.{mime.split('/')[1]}"
    target = Path(settings.STORAGE_DIR) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return StoredFile.objects.create(
        path=path,
        state=StoredFile.State.READY,
        mime=mime,
        checksum=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
    )


def complete_image(story: Story, **fields: Any) -> GeneratedImage:
    """A finished picture with its file and thumbnail."""
    data = fields.pop("data", None) or picture_bytes(colour=GeneratedImage.objects.count())
    mime = fields.pop("mime", "image/png")
    return ImageFactory.create(
        story=story,
        status=GeneratedImage.Status.COMPLETE,
        file=stored_file(data, mime=mime),
        thumb=stored_file(picture_bytes(32, 32, format="WEBP"), mime="image/webp"),
        generated_at=timezone.now(),
        gpu_worker=fields.pop("gpu_worker", "pc1"),
        generation_time_ms=fields.pop("generation_time_ms", 1200),
        **fields,
    )


def queued_image(story: Story, **fields: Any) -> GeneratedImage:
    """A picture that waits, with its job in the queue."""
    now = timezone.now()
    needs, _ = NeedsClass.objects.get_or_create(kind="image_generation", model="", features=[], max_side_px=64)
    job = Job.objects.create(
        kind="image_generation",
        purpose="picture",
        params={},
        needs=needs,
        requester=f"user:{story.owner_id}",
        requested_by=story.owner,
        queued_at=now,
        wait_until=now + timedelta(hours=1),
        start_tag=Job.objects.count(),
    )
    image = ImageFactory.create(story=story, job=job, **fields)
    Job.objects.filter(pk=job.pk).update(subject=str(image.pk))
    return image


def character(story: Story, name: str = "Mira", **looks: str) -> Character:
    """Somebody with a first appearance."""
    found = Character.objects.create(story=story, name=name, folded_name=name.lower())
    found.appearance = CharacterAppearance.objects.create(character=found, **looks)
    found.save()
    return found


def client_of(user: User) -> APIClient:
    """A program that acts for somebody."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_create(user=user)}")
    return client
