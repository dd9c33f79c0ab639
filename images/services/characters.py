"""People of a story: who was there, and how their looks went on."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction

from community.models import User
from compute.common.errors import InvalidParameters
from images.analysis import CharacterReading, KnownCharacter, differs_in_meaning
from images.models import Character, CharacterAppearance, GeneratedImage, Story, Turn, TurnCharacter
from images.services.pictures import pictures_ask
from images.services.prompts import Looks, portrait_plan
from images.services.story_settings import story_setting

CHARACTERS_MOST = 30
_LOOKS = ("description", "outfit", "physical_features")


def fold_character(name: str) -> str:
    """The name that counts as the same person."""
    return " ".join(name.lower().split())


def known_characters(story: Story, *, before: Turn | None = None) -> list[KnownCharacter]:
    """Everybody the story knows with their present looks; `present` tells who was in the turn before."""
    last = story.turns.filter(number__lt=before.number).order_by("-number").first() if before else None
    present = dict(TurnCharacter.objects.filter(turn=last).values_list("character_id", "expression")) if last else {}
    return [
        KnownCharacter(
            name=character.name,
            description=character.appearance.description if character.appearance else "",
            outfit=character.appearance.outfit if character.appearance else "",
            physical_features=character.appearance.physical_features if character.appearance else "",
            expression=present.get(character.pk, ""),
            present=character.pk in present,
        )
        for character in story.characters.select_related("appearance").order_by("pk")[:200]
    ]


def cast_record(*, turn: Turn, readings: Iterable[CharacterReading], given: bool, told: bool = True) -> None:
    """Inside a transaction: write down who is present and, for changed looks, a new appearance.

    given: the readings came with the request, so stated looks that differ in meaning are a change whatever the text
    says (contract, POST turns/). told: the turn has its narration; before that only known people are noted, and
    nobody's looks, because the text that would tell of them is not there yet. Nobody is recorded twice.
    """
    for position, reading in enumerate(list(readings)[:CHARACTERS_MOST]):
        name = " ".join(reading.name.split())[:255]
        if not name or not (told or _is_known(turn, name)):
            continue
        character, _ = Character.objects.get_or_create(
            story_id=turn.story_id, folded_name=fold_character(name)[:255], defaults={"name": name}
        )
        member, new = TurnCharacter.objects.get_or_create(
            turn=turn,
            character=character,
            defaults={"position": position, "expression": reading.expression[:200], "appearance": character.appearance},
        )
        look = _appearance_after(turn, character, reading, given=given) if told else None
        if look is not None:
            TurnCharacter.objects.filter(pk=member.pk).update(
                appearance=look, changed=True, change_reason=look.change_reason
            )
        if not new and reading.expression and not member.expression:
            TurnCharacter.objects.filter(pk=member.pk).update(expression=reading.expression[:200])


def _is_known(turn: Turn, name: str) -> bool:
    return Character.objects.filter(story_id=turn.story_id, folded_name=fold_character(name)[:255]).exists()


def _appearance_after(
    turn: Turn, character: Character, reading: CharacterReading, *, given: bool
) -> CharacterAppearance | None:
    """The new appearance row, or None if the looks did not change."""
    before = character.appearance
    if before is None:
        return _appearance_create(
            turn, character, None, {key: getattr(reading, key) for key in _LOOKS}, CharacterAppearance.Reason.INITIAL
        )
    if given:
        changed = {
            key: value
            for key in _LOOKS
            if (value := getattr(reading, key)) and differs_in_meaning(getattr(before, key), value)
        }
        reason = _reason_of(changed)
    else:
        changed = {key: value for key in _LOOKS if reading.changed and (value := getattr(reading, key))}
        reason = CharacterAppearance.Reason(reading.change_reason) if reading.change_reason else _reason_of(changed)
        changed = {key: value for key, value in changed.items() if differs_in_meaning(getattr(before, key), value)}
    if not changed:
        return None
    if reason == CharacterAppearance.Reason.INITIAL:
        reason = CharacterAppearance.Reason.DESCRIPTION
    return _appearance_create(turn, character, before, changed, reason)


def _reason_of(changed: dict[str, str]) -> CharacterAppearance.Reason:
    if "outfit" in changed:
        return CharacterAppearance.Reason.NEW_OUTFIT
    if "physical_features" in changed:
        return CharacterAppearance.Reason.TRANSFORMATION
    return CharacterAppearance.Reason.DESCRIPTION


def _appearance_create(
    turn: Turn | None,
    character: Character,
    before: CharacterAppearance | None,
    changed: dict[str, str],
    reason: CharacterAppearance.Reason,
) -> CharacterAppearance:
    values = {key: changed.get(key) or (getattr(before, key) if before else "") for key in _LOOKS}
    look = CharacterAppearance.objects.create(
        character=character,
        turn=turn,
        previous_appearance=before,
        change_reason=reason,
        is_significant_change=before is not None,
        **values,
    )
    Character.objects.filter(pk=character.pk).update(appearance=look)
    character.appearance = look
    return look


@transaction.atomic
def character_update(
    *,
    character: Character,
    actor: User,
    description: str | None = None,
    outfit: str | None = None,
    physical_features: str | None = None,
) -> CharacterAppearance:
    """Record how a character looks from now on, and paint it. Raises InvalidParameters if nothing is given."""
    given = {"description": description, "outfit": outfit, "physical_features": physical_features}
    stated = {key: value.strip() for key, value in given.items() if value is not None}
    if not stated:
        raise InvalidParameters("Give a description, an outfit or physical features.")
    long = {key: ["At most 600 characters."] for key, value in stated.items() if len(value) > 600}
    if long:
        raise InvalidParameters("Some fields do not fit.", fields=long)
    character = Character.objects.select_for_update().get(pk=character.pk)
    before = character.appearance
    turn = character.story.turns.order_by("-number").first()
    changed = {key: value for key, value in stated.items() if before is None or value != getattr(before, key)}
    if before is not None and not changed:
        return before
    reason = CharacterAppearance.Reason.INITIAL if before is None else _reason_of(changed)
    look = _appearance_create(turn, character, before, {}, reason)
    # An emptied field stays empty: the player said so.
    CharacterAppearance.objects.filter(pk=look.pk).update(**stated)
    look.refresh_from_db()
    config = settings.IMAGE_GENERATION
    if config.enabled and config.character_portraits.enabled and story_setting(character.story, "portraits"):
        _portrait_of(character, look, turn, actor)
    return look


def _portrait_of(character: Character, look: CharacterAppearance, turn: Turn | None, actor: User) -> GeneratedImage:
    looks = Looks(
        name=character.name,
        description=look.description,
        outfit=look.outfit,
        physical_features=look.physical_features,
    )
    plan = portrait_plan(story=character.story, looks=looks, seed_key=character.folded_name)
    image = pictures_ask(story=character.story, turn=turn, plan=plan, actor=actor)[0]
    CharacterAppearance.objects.filter(pk=look.pk).update(portrait_image=image)
    look.refresh_from_db()
    return image
