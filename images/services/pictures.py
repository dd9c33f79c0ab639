"""Pictures of a story: asked for, reused, made again, chosen, cancelled, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from community.models import User
from compute.backends.base import Capacity
from compute.backends.names import fold_name
from compute.common.errors import Conflict, InvalidParameters, NotFound
from compute.models import Job, Lane
from compute.services.costs import image_cost
from compute.services.files import files_delete
from compute.services.jobs import job_cancel, job_submit
from compute.services.needs import Needs
from images.models import GeneratedImage, Story, Turn, TurnCharacter
from images.services import announce
from images.services.prompts import (
    Looks,
    PicturePlan,
    action_plan,
    background_plan,
    job_params,
    picture_seed,
    portrait_plan,
    variant_seed,
)
from images.services.story_settings import story_setting

PROMPT_MOST = 2000
# Rows one subject of a turn may gather by "again".
VARIANTS_MOST = 40
TURN_IMAGE_TYPES = ("background", "action", "character")


def pictures_for_turn(
    *, turn: Turn, actor: User, image_types: Iterable[str] | None = None, force: bool = False
) -> list[GeneratedImage]:
    """Inside a transaction: decide what the turn needs and ask for it. Kinds the turn already has are left alone.

    force makes each wanted kind anew, whatever the cache and the interval say.
    """
    config = settings.IMAGE_GENERATION
    if not config.enabled:
        return []
    wanted = set(TURN_IMAGE_TYPES if image_types is None else image_types)
    story = turn.story
    made: list[GeneratedImage] = []
    has = set(turn.images.exclude(status="cancelled").values_list("image_type", "subject_key"))
    missing = {kind for kind in wanted if force or not any(kind == had for had, _ in has)}
    if force or ("background", turn.location) not in has:
        missing |= wanted & {"background"}
    asked = force or image_types is not None
    if "background" in missing and _wants_background(story, turn, asked=asked):
        made += background_ask(turn=turn, actor=actor, force=force)
    if "action" in missing and _wants_action(story, turn, force=asked):
        variants = story_setting(story, "variants")
        plan = action_plan(story=story, turn=turn, cast=_cast_names(turn), variants=variants, force=force)
        made += pictures_ask(story=story, turn=turn, plan=plan, actor=actor)
    if "character" in wanted and config.character_portraits.enabled and story_setting(story, "portraits"):
        made += _portraits(turn, actor, force=force)
    return made


def _wants_background(story: Story, turn: Turn, *, asked: bool) -> bool:
    config = settings.IMAGE_GENERATION.background_images
    allowed = config.enabled and bool(story_setting(story, "backgrounds")) and bool(turn.location)
    return allowed and (config.generate_on_location_change or asked)


def _wants_action(story: Story, turn: Turn, *, force: bool) -> bool:
    if not settings.IMAGE_GENERATION.turn_images.enabled:
        return False
    return force or turn.number % story_setting(story, "generate_every_n_turns") == 0


# People named in the moment's prompt, and how many of them with their looks; more would crowd out what happens.
CAST_IN_ACTION = 6
LOOKS_IN_ACTION = 3


def _cast_names(turn: Turn) -> list[str]:
    """Who is in the moment, the first few with their looks, so that they look there as on their portraits."""
    cast = turn.cast.select_related("character", "appearance")[:CAST_IN_ACTION]
    words = []
    for position, member in enumerate(cast):
        look = member.appearance if position < LOOKS_IN_ACTION else None
        parts = [member.character.name, look.description if look else "", look.outfit if look else ""]
        words.append(", ".join(part for part in parts if part))
    return words


def background_ask(*, turn: Turn, actor: User, force: bool = False) -> list[GeneratedImage]:
    """The place's picture: a row that points to an earlier one of the same place, or a new picture."""
    plan = background_plan(story=turn.story, turn=turn, force=force)
    source = None if force else _background_to_reuse(turn, plan.cache_key)
    if source is None:
        return pictures_ask(story=turn.story, turn=turn, plan=plan, actor=actor)
    GeneratedImage.objects.filter(
        turn=turn, image_type="background", subject_key=plan.subject_key, is_selected=True
    ).update(is_selected=False)
    complete = source.status == GeneratedImage.Status.COMPLETE
    # A reuse is the source's picture: same file, same card, and it says what that one was made with.
    shared = ("seed", "prompt", "negative_prompt", "model_name", "card_id", "file", "thumb", "gpu_worker", "used")
    fields = _fields(turn.story, turn, plan, variant=1) | {name: getattr(source, name) for name in shared}
    reuse = GeneratedImage.objects.create(
        **fields,
        status=GeneratedImage.Status.COMPLETE if complete else GeneratedImage.Status.PENDING,
        is_cached=True,
        cache_source=source,
        is_selected=True,
        generated_at=timezone.now() if complete else None,
    )
    announce.image_changed(reuse.pk, "image.ready" if complete else "image.queued")
    reuse.refresh_from_db()
    return [reuse]


def _background_to_reuse(turn: Turn, cache_key: str) -> GeneratedImage | None:
    """The newest picture of the same place in the last `cache_duration_turns` turns, complete ones first."""
    turns = settings.IMAGE_GENERATION.background_images.cache_duration_turns
    candidates = GeneratedImage.objects.filter(
        story_id=turn.story_id,
        image_type="background",
        cache_key=cache_key,
        is_cached=False,
        status__in=["complete", "pending", "generating"],
    ).filter(Q(turn__number__gt=turn.number - turns) | Q(turn__isnull=True, is_speculative=False))
    # Locked, so that its file is not deleted or replaced while a second row comes to share it.
    candidates = candidates.select_for_update(of=("self",))
    newest = candidates.filter(status="complete").order_by("-is_selected", "-pk").first()
    return newest or candidates.order_by("-pk").first()


def pictures_ask(
    *, story: Story, turn: Turn | None, plan: PicturePlan, actor: User, lane: Lane = Lane.INTERACTIVE
) -> list[GeneratedImage]:
    """Rows for each variant and a job for each row, in the caller's transaction."""
    first = 1
    if turn is not None:
        existing = GeneratedImage.objects.filter(turn=turn, image_type=plan.image_type, subject_key=plan.subject_key)
        variants = dict(existing.values_list("variant", "is_selected"))
        first = max(variants, default=0) + 1
        if len(variants) + plan.variants > VARIANTS_MOST:
            raise Conflict(f"This picture was made {VARIANTS_MOST} times already; delete some first.")
        if any(variants.values()):
            existing.filter(is_selected=True).update(is_selected=False)
    images = []
    for offset in range(plan.variants):
        image = GeneratedImage.objects.create(
            **_fields(story, turn, plan, variant=first + offset), is_selected=offset == 0
        )
        images.append(image_submit(image=image, actor=actor, lane=lane))
    return images


def _fields(story: Story, turn: Turn | None, plan: PicturePlan, *, variant: int) -> dict[str, object]:
    return {
        "story": story,
        "turn": turn,
        "image_type": plan.image_type,
        "subject_key": plan.subject_key[:255],
        "prompt": plan.prompt,
        "negative_prompt": plan.negative_prompt,
        "model_name": plan.config.model,
        "sampler": plan.config.sampler,
        "steps": plan.config.steps,
        "cfg_scale": plan.config.cfg_scale,
        "seed": variant_seed(plan.seed, variant),
        "width": plan.config.width_px,
        "height": plan.config.height_px,
        "variant": variant,
        "cache_key": plan.cache_key,
        "card_id": uuid.uuid4(),
    }


def image_submit(*, image: GeneratedImage, actor: User, lane: Lane = Lane.INTERACTIVE) -> GeneratedImage:
    """Put a pending picture into the queue, in the caller's transaction."""
    features = (Capacity.SDXL,) if "xl" in fold_name(image.model_name) else ()
    job = job_submit(
        kind="image_generation",
        purpose="picture",
        subject=str(image.pk),
        params=job_params(image),
        needs=Needs(
            kind="image_generation",
            model=image.model_name,
            features=features,
            max_side_px=max(image.width, image.height),
        ),
        requester=f"user:{actor.pk}",
        requested_by=actor,
        lane=lane,
        cost=image_cost(width_px=image.width, height_px=image.height, steps=image.steps),
    )
    GeneratedImage.objects.filter(pk=image.pk).update(job=job)
    announce.image_changed(image.pk, "image.queued")
    image.job = job
    return image


def _portraits(turn: Turn, actor: User, *, force: bool) -> list[GeneratedImage]:
    config = settings.IMAGE_GENERATION.character_portraits
    made: list[GeneratedImage] = []
    for member in turn.cast.select_related("character", "appearance")[:30]:
        look = member.appearance
        if look is None:
            continue
        due = member.changed and look.portrait_image_id is None and look.turn_id == turn.pk
        first = look.change_reason == "initial_appearance"
        if force or (due and (config.generate_on_first_appearance if first else config.regenerate_on_change)):
            made += portrait_ask(member=member, turn=turn, actor=actor, force=force)
    return made


def portrait_ask(*, member: TurnCharacter, turn: Turn, actor: User, force: bool = False) -> list[GeneratedImage]:
    """A portrait of a character as it looks in a turn; the appearance points to it at once."""
    look = member.appearance
    if look is None:
        raise InvalidParameters(f"{member.character.name} has no recorded appearance.")
    looks = Looks(
        name=member.character.name,
        description=look.description,
        outfit=look.outfit,
        physical_features=look.physical_features,
        expression=member.expression,
    )
    plan = portrait_plan(story=turn.story, looks=looks, seed_key=look.pk if force else member.character.folded_name)
    images = pictures_ask(story=turn.story, turn=turn, plan=plan, actor=actor)
    type(look).objects.filter(pk=look.pk).update(portrait_image=images[0])
    return images


@transaction.atomic
def turn_illustrate(
    *, turn: Turn, actor: User, image_types: Sequence[str] | None = None, force_regenerate: bool = False
) -> list[GeneratedImage]:
    """Pictures for a turn on request. Raises InvalidParameters for a kind a turn does not have."""
    unknown = sorted(set(image_types or ()) - set(TURN_IMAGE_TYPES))
    if unknown:
        known = ", ".join(TURN_IMAGE_TYPES)
        raise InvalidParameters(
            "Some kinds do not fit.", fields={"image_types": [f"{', '.join(unknown)}: a turn has {known}."]}
        )
    locked = Turn.objects.select_for_update().select_related("story").get(pk=turn.pk)
    return pictures_for_turn(turn=locked, actor=actor, image_types=image_types, force=force_regenerate)


@transaction.atomic
def image_regenerate(*, image: GeneratedImage, actor: User, new_prompt: str | None = None) -> GeneratedImage:
    """The same picture once more, with another seed and, if given, another prompt: a new row, the old one stays.

    Raises InvalidParameters for a prompt that is empty or over 2,000 characters, Conflict after too many.
    """
    prompt = image.prompt if new_prompt is None else new_prompt.strip()
    if not prompt or len(prompt) > PROMPT_MOST:
        raise InvalidParameters(
            "The prompt does not fit.", fields={"new_prompt": [f"1 to {PROMPT_MOST} characters are needed."]}
        )
    siblings = GeneratedImage.objects.of_subject(image)
    if siblings.count() >= VARIANTS_MOST:
        raise Conflict(f"This picture was made {VARIANTS_MOST} times already; delete some first.")
    variant = (siblings.aggregate(most=Max("variant"))["most"] or 0) + 1
    again = GeneratedImage.objects.create(
        story_id=image.story_id,
        turn_id=image.turn_id,
        dreamer_content_id=image.dreamer_content_id,
        is_speculative=image.is_speculative,
        image_type=image.image_type,
        subject_key=image.subject_key,
        prompt=prompt,
        negative_prompt=image.negative_prompt,
        model_name=image.model_name,
        sampler=image.sampler,
        steps=image.steps,
        cfg_scale=image.cfg_scale,
        seed=picture_seed(image.pk, image.seed, variant),
        width=image.width,
        height=image.height,
        variant=variant,
        cache_key=image.cache_key,
        regenerated_from=image,
        card_id=uuid.uuid4(),
    )
    return image_submit(image=again, actor=actor)


@transaction.atomic
def image_select(*, image: GeneratedImage, actor: User) -> GeneratedImage:
    """Choose this one among its variants; the choice is kept."""
    siblings = GeneratedImage.objects.select_for_update(of=("self",)).of_subject(image)
    for other in siblings.filter(is_selected=True).exclude(pk=image.pk):
        GeneratedImage.objects.filter(pk=other.pk).update(is_selected=False)
        announce.image_changed(other.pk, "image.ready" if other.status == "complete" else "image.queued")
    GeneratedImage.objects.filter(pk=image.pk).update(is_selected=True)
    image.refresh_from_db()
    announce.image_changed(image.pk, "image.ready" if image.status == "complete" else "image.queued")
    return image


@transaction.atomic
def image_cancel(*, image: GeneratedImage, actor: User) -> GeneratedImage:
    """Stop a picture that is not finished; one that is stays as it is."""
    if image.status in GeneratedImage.UNFINISHED:
        if image.job_id is not None:
            job_cancel(job_id=image.job_id, reason="cancelled by the player")
        else:
            GeneratedImage.objects.filter(pk=image.pk, status__in=GeneratedImage.UNFINISHED).update(
                status=GeneratedImage.Status.CANCELLED
            )
            announce.image_changed(image.pk, "image.cancelled")
    image.refresh_from_db()
    return image


@transaction.atomic
def image_delete(*, image: GeneratedImage, actor: User) -> None:
    """Remove a picture and its file; what reuses it takes its place as the file's owner first."""
    locked = GeneratedImage.objects.select_for_update().filter(pk=image.pk).first()
    if locked is None:
        raise NotFound("There is no such picture.")
    if locked.job_id is not None and locked.job is not None and locked.job.status not in Job.TERMINAL:
        job_cancel(job_id=locked.job_id, reason="the picture was deleted")
    files = [pk for pk in (locked.file_id, locked.thumb_id) if pk is not None]
    GeneratedImage.objects.filter(cache_source=locked, status__in=GeneratedImage.UNFINISHED).update(
        status=GeneratedImage.Status.CANCELLED
    )
    story_id, image_id = locked.story_id, locked.pk
    locked.delete()
    unused = [pk for pk in files if not GeneratedImage.objects.filter(Q(file_id=pk) | Q(thumb_id=pk)).exists()]
    files_delete(file_ids=unused)
    announce.image_deleted(story_id=story_id, image_id=image_id)
