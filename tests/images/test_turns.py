"""Turns and the pictures they get."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from compute.common.errors import Conflict, InvalidParameters, NotFound
from compute.models import Job, StoredFile
from images.models import Character, CharacterAppearance, GeneratedImage, Turn
from images.services.characters import character_update
from images.services.files import image_card_bytes, image_file_bytes
from images.services.pictures import image_cancel, image_delete, image_regenerate, image_select, turn_illustrate
from images.services.stories import stories_sweep, story_delete, story_update
from images.services.turns import turn_delete, turn_retry, turn_submit, turn_update
from tests.support.play import run_queue
from tests.support.told import MIRA, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small(settings):
    """The configuration with pictures small enough for a test to paint many."""

    def change(**sections):
        config = settings.IMAGE_GENERATION
        for name in ("background_images", "turn_images", "character_portraits"):
            size = {"default_size": (64, 64), "steps": 2}
            changed = replace(getattr(config, name), **{**size, **sections.pop(name, {})})
            config = replace(config, **{name: changed})
        settings.IMAGE_GENERATION = replace(config, **sections)

    change()
    return change


def submit(story, player, **more) -> Turn:
    return turn_submit(story=story, actor=player, data=told(**more))


def kinds(turn: Turn) -> list[str]:
    return sorted(turn.images.values_list("image_type", flat=True))


def test_what_is_given_is_stored_as_given(story, player):
    turn = submit(story, player, external_id="x-1", number=7)
    assert (turn.status, turn.number, turn.external_id, turn.narrated_by) == ("complete", 7, "x-1", "given")
    given = told()
    for key in ("player_input", "narration", "summary", "location", "time_of_day", "weather"):
        assert getattr(turn, key) == given[key], key
    member = turn.cast.get()
    assert (member.character.name, member.appearance.outfit) == ("Mira", "green travel cloak")


def test_a_turn_with_only_the_players_line_is_analysed_and_narrated(story, player):
    submit(story, player)
    turn = turn_submit(story=story, actor=player, data={"player_input": "I go down to the old boathouse."})
    assert turn.status == "complete"
    assert turn.narrated_by == "built-in narrator"
    assert len(turn.narration.split()) > 40
    assert "boathouse" in turn.location.lower()
    assert turn.weather == "rain"
    assert "action" in kinds(turn)


def test_a_first_turn_gets_background_action_and_portrait_and_they_are_painted(story, player, painter, small):
    turn = submit(story, player)
    assert kinds(turn) == ["action", "background", "character"]
    assert {image.status for image in turn.images.all()} == {"pending"}
    assert run_queue() == 3
    for image in turn.images.all():
        data, mime = image_file_bytes(image)
        assert (image.status, image.gpu_worker, mime) == ("complete", "painter", "image/png")
        assert hashlib.sha256(data).hexdigest() == image.file.checksum
        assert b"LUNA-Asset-Card" in data
    look = CharacterAppearance.objects.get()
    assert look.portrait_image == turn.images.get(image_type="character")
    assert not StoredFile.objects.exclude(state="ready").exists()


def test_the_same_place_again_costs_no_job_and_points_to_its_source(story, player, painter, small):
    first = submit(story, player)
    run_queue()
    second = submit(story, player, image_types=["background"], location="the lantern stairs ")
    reuse = second.images.get()
    assert (reuse.status, reuse.is_cached, reuse.job_id) == ("complete", True, None)
    assert reuse.cache_source == first.images.get(image_type="background")
    assert image_file_bytes(reuse)[0] == image_file_bytes(reuse.cache_source)[0]


def test_the_same_place_while_its_picture_is_still_made_waits_for_that_one(story, player, painter, small):
    submit(story, player)
    second = submit(story, player, image_types=["background"])
    reuse = second.images.get()
    assert (reuse.status, reuse.is_cached) == ("pending", True)
    assert Job.objects.filter(purpose="picture").count() == 3 + 0
    run_queue()
    reuse.refresh_from_db()
    assert (reuse.status, reuse.file_id) == ("complete", reuse.cache_source.file_id)


def test_a_new_place_gets_a_new_picture_and_an_old_one_is_forgotten_after_its_turns(story, player, painter, small):
    small(background_images={"cache_duration_turns": 3})
    submit(story, player, number=1)
    elsewhere = submit(story, player, number=2, location="The boathouse")
    assert not elsewhere.images.get(image_type="background").is_cached
    run_queue()
    assert submit(story, player, number=3).images.get(image_type="background").is_cached
    assert not submit(story, player, number=4).images.get(image_type="background").is_cached


def test_day_and_night_are_one_picture_unless_the_configuration_varies_by_them(story, player, painter, small):
    submit(story, player)
    run_queue()
    assert submit(story, player, time_of_day="noon").images.get(image_type="background").is_cached
    small(background_images={"vary_by": ("time_of_day",)})
    submit(story, player)
    assert not submit(story, player, time_of_day="noon").images.get(image_type="background").is_cached


def test_variants_have_different_seeds_that_follow_from_the_turn(story, player, small):
    story_update(story=story, actor=player, changes={"settings": {"variants": 3}})
    turn = submit(story, player)
    seeds = list(turn.images.filter(image_type="action").order_by("variant").values_list("seed", flat=True))
    assert seeds == [(seeds[0] + n) % 2**32 for n in range(3)]
    assert turn.images.filter(image_type="action", is_selected=True).get().variant == 1


def test_choosing_a_variant_is_kept_and_only_one_is_chosen(story, player, small):
    story_update(story=story, actor=player, changes={"settings": {"variants": 2}})
    turn = submit(story, player)
    second = turn.images.get(image_type="action", variant=2)
    assert image_select(image=second, actor=player).is_selected
    assert list(turn.images.filter(image_type="action", is_selected=True)) == [second]


def test_the_interval_between_action_pictures_is_kept(story, player, small):
    story_update(story=story, actor=player, changes={"settings": {"generate_every_n_turns": 2}})
    assert "action" not in kinds(submit(story, player, number=1))
    assert "action" in kinds(submit(story, player, number=2))


def test_switches_of_story_and_configuration_are_obeyed(story, player, small):
    story_update(story=story, actor=player, changes={"settings": {"backgrounds": False, "portraits": False}})
    assert kinds(submit(story, player)) == ["action"]
    small(enabled=False)
    assert kinds(submit(story, player, location="Elsewhere")) == []


def test_location_change_off_makes_backgrounds_only_on_request(story, player, small):
    small(background_images={"generate_on_location_change": False})
    turn = submit(story, player)
    assert "background" not in kinds(turn)
    assert [image.image_type for image in turn_illustrate(turn=turn, actor=player, image_types=["background"])] == [
        "background"
    ]


def test_an_unchanged_character_makes_no_row_and_a_changed_outfit_makes_one(story, player, small):
    submit(story, player)
    same = submit(story, player, characters=[{**MIRA, "outfit": "Green travel cloak."}])
    assert not same.cast.get().changed
    changed = submit(story, player, characters=[{**MIRA, "outfit": "a keeper's oilskin coat"}])
    member = changed.cast.get()
    assert (member.changed, member.change_reason) == (True, "new_outfit")
    assert "character" in kinds(changed)
    looks = list(CharacterAppearance.objects.order_by("pk"))
    assert len(looks) == 2
    assert looks[1].previous_appearance == looks[0]
    assert looks[1].is_significant_change
    assert "oilskin" in GeneratedImage.objects.get(turn=changed, image_type="character").prompt


def test_people_look_in_the_moment_as_on_their_portraits(story, player, small):
    turn = submit(story, player)
    assert "Mira, a young woman with copper curls, green travel cloak" in turn.images.get(image_type="action").prompt


def test_losing_a_coin_is_no_change_of_looks(story, player, small):
    submit(story, player)
    turn = submit(story, player, narration="Mira lost the coin in the dark, wearing a thoughtful look.")
    assert CharacterAppearance.objects.count() == 1
    assert not turn.cast.get().changed


def test_editing_a_characters_looks_records_them_and_paints_a_portrait(story, player, painter, small):
    submit(story, player)
    mira = Character.objects.get()
    look = character_update(character=mira, actor=player, outfit="a red coat")
    assert (look.outfit, look.description) == ("a red coat", MIRA["description"])
    run_queue()
    look.portrait_image.refresh_from_db()
    assert look.portrait_image.status == "complete"
    assert character_update(character=mira, actor=player, outfit="a red coat") == look


def test_regenerating_makes_a_new_row_that_is_shown_once_it_is_there(story, player, painter, small):
    turn = submit(story, player, image_types=["action"])
    run_queue()
    old = turn.images.get()
    new = image_regenerate(image=old, actor=player, new_prompt="the tower burns")
    assert (new.prompt, new.variant, new.regenerated_from) == ("the tower burns", 2, old)
    assert new.seed != old.seed
    old.refresh_from_db()
    assert old.is_selected
    run_queue()
    assert list(turn.images.filter(is_selected=True)) == [new]
    with pytest.raises(InvalidParameters):
        image_regenerate(image=old, actor=player, new_prompt=" ")


def test_a_cancelled_picture_stays_cancelled(story, player, painter, small):
    image = submit(story, player, image_types=["action"]).images.get()
    assert image_cancel(image=image, actor=player).status == "cancelled"
    assert run_queue() == 0
    image.refresh_from_db()
    assert image.status == "cancelled"


def test_deleting_a_picture_removes_its_file_but_not_from_under_a_reuse(story, player, painter, small, settings):
    source = submit(story, player, image_types=["background"]).images.get()
    run_queue()
    reuse = submit(story, player, image_types=["background"]).images.get()
    source.refresh_from_db()
    path = Path(settings.STORAGE_DIR) / source.file.path
    image_delete(image=source, actor=player)
    assert path.exists()
    reuse.refresh_from_db()
    image_delete(image=reuse, actor=player)
    assert not path.exists()
    assert not StoredFile.objects.exists()


def test_taking_back_the_last_turn_restores_looks_and_removes_its_pictures(story, player, painter, small):
    first = submit(story, player)
    second = submit(story, player, characters=[{**MIRA, "outfit": "a red coat"}, {"name": "Old Marrow"}])
    run_queue()
    with pytest.raises(Conflict):
        turn_delete(turn=first, actor=player)
    turn_delete(turn=second, actor=player)
    assert Character.objects.get().appearance.outfit == MIRA["outfit"]
    assert list(story.turns.all()) == [first]
    assert StoredFile.objects.count() == 2 * 3


def test_a_correction_of_the_place_gets_its_background(story, player, small):
    turn = submit(story, player)
    turn_update(turn=turn, actor=player, changes={"location": "The boathouse"})
    shown = turn.images.get(image_type="background", is_selected=True)
    assert shown.subject_key == "The boathouse"


def test_a_number_or_external_id_that_is_taken_is_refused(story, player):
    submit(story, player, number=1, external_id="a")
    with pytest.raises(Conflict):
        submit(story, player, number=1)
    with pytest.raises(Conflict):
        submit(story, player, external_id="a")
    assert story.turns.count() == 1


@pytest.mark.parametrize(
    "data",
    [{}, {"player_input": "  "}, {"player_input": "x" * 8001}, {"player_input": "a\x00b"}, told(image_types=["item"])],
    ids=["nothing", "blank", "long", "nul", "unknown kind"],
)
def test_a_turn_that_does_not_fit_is_refused_and_nothing_is_stored(story, player, data):
    with pytest.raises(InvalidParameters):
        turn_submit(story=story, actor=player, data=data)
    assert not story.turns.exists()


def test_only_a_failed_turn_can_be_tried_again(story, player):
    turn = submit(story, player)
    with pytest.raises(Conflict):
        turn_retry(turn=turn, actor=player)
    Turn.objects.filter(pk=turn.pk).update(state="failed", error_code="timed_out", error_detail="late")
    assert turn_retry(turn=turn, actor=player).status == "complete"


def test_a_deleted_story_is_gone_at_once_and_its_files_soon(story, player, painter, small, settings):
    submit(story, player)
    run_queue()
    submit(story, player, location="Elsewhere")
    story_delete(story=story, actor=player)
    assert not Job.objects.exclude(status__in=Job.TERMINAL).exists()
    with pytest.raises(NotFound):
        story_delete(story=story, actor=player)
    assert stories_sweep() == 1
    assert not GeneratedImage.objects.exists()
    assert [path for path in Path(settings.STORAGE_DIR).rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("layout", "part"), [("story_and_type", "/action/"), ("turn", "/turn_0001/"), ("date", "/story_")]
)
def test_files_lie_where_the_layout_says(story, player, painter, small, settings, layout, part):
    small(storage=replace(settings.IMAGE_GENERATION.storage, organize_by=layout))
    image = submit(story, player, image_types=["action"]).images.get()
    run_queue()
    image.refresh_from_db()
    assert part in image.file.path
    assert (Path(settings.STORAGE_DIR) / image.file.path).is_file()


@pytest.mark.parametrize(("format", "mime"), [("jpeg", "image/jpeg"), ("webp", "image/webp")])
def test_other_formats_are_stored_as_such_and_still_give_a_png_card(
    story, player, painter, small, settings, format, mime
):
    small(storage=replace(settings.IMAGE_GENERATION.storage, format=format))
    image = submit(story, player, image_types=["action"]).images.get()
    run_queue()
    image.refresh_from_db()
    assert image_file_bytes(image)[1] == mime
    card = image_card_bytes(image)
    assert card.startswith(b"\x89PNG")
    assert b"LUNA-Asset-Card" in card


def test_version_and_cursor_are_written_by_the_database(story, player, small):
    turn = submit(story, player)
    before = turn.version, turn.changed_xid
    Turn.objects.filter(pk=turn.pk).update(weather="snow")
    turn.refresh_from_db()
    assert turn.version == before[0] + 1
    assert turn.changed_xid > before[1]
