"""The orchestrator and the turn processor, called as the customer's document calls them, over the real queue."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from PIL import Image

from community.models import User
from compute.common.errors import NotFound
from compute.common.schema import ConfigurationError
from compute.models import Job
from images.models import GeneratedImage, Story, Turn
from images.narration import TurnProcessor
from images.orchestrator import ImageGenerationError, ImageGenerationOrchestrator, ImageType
from images.services.turns import turn_submit
from tests.support.told import MIRA, told

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
EXAMPLE = {
    "turn_number": 42,
    "player_input": "I charge the dragon with my sword raised",
    "ai_response": "The dragon roars and spreads its wings...",
}


@pytest.fixture
def orchestrator() -> ImageGenerationOrchestrator:
    return ImageGenerationOrchestrator(db_pool=None, settings=None, wait_limit_s=60)


def is_picture(path: str) -> bool:
    with Image.open(path) as picture:
        picture.load()
        return Path(path).is_absolute() and picture.size == (64, 64)


def action_image(orchestrator: Any, turn_id: int, **more: Any) -> str:
    @async_to_sync
    async def run() -> str:
        path = await orchestrator._generate_action_image(turn_id=turn_id, turn_data=EXAMPLE, **more)
        return str(path)

    return run()


def images_for(orchestrator: Any, turn_id: int, turn_data: Any, **more: Any) -> dict[str, Any]:
    @async_to_sync
    async def run() -> dict[str, Any]:
        await orchestrator.initialize()
        found = await orchestrator.generate_images_for_turn(turn_id=turn_id, turn_data=turn_data, **more)
        return dict(found)

    return run()


def test_the_documents_example_runs_for_a_turn_of_a_story(orchestrator, story, player, worker):
    turn = turn_submit(story=story, actor=player, data=told(number=42, image_types=["background"]))
    path = action_image(orchestrator, turn.pk)
    assert is_picture(path)
    turn.refresh_from_db()
    assert turn.narration == EXAMPLE["ai_response"]
    assert turn.images.get(image_type="action").status == "complete"


def test_the_documents_example_runs_as_written_without_any_turn(orchestrator, worker):
    path = action_image(orchestrator, 42)
    assert is_picture(path)
    turn = Turn.objects.get()
    assert (turn.number, turn.external_id, turn.player_input) == (42, "turn:42", EXAMPLE["player_input"])
    assert not turn.story.owner.has_usable_password()
    assert action_image(orchestrator, 42) == path


def test_a_turn_of_another_engine_belongs_to_the_named_story(orchestrator, story, worker):
    Story.objects.filter(pk=story.pk).update(external_id="story_123")
    images_for(orchestrator, 42, {**EXAMPLE, "story_id": "story_123"})
    assert story.turns.get().external_id == "turn:42"


def test_turns_of_python_belong_to_the_administrator_if_there_is_one(orchestrator, worker):
    admin = User.objects.create_superuser("admin", password="a-long-password-1")
    action_image(orchestrator, 42)
    assert Story.objects.get().owner == admin


def test_each_variant_is_a_picture_of_its_own_and_the_same_again(orchestrator, story, player, worker):
    turn = turn_submit(story=story, actor=player, data=told())
    first, second = action_image(orchestrator, turn.pk), action_image(orchestrator, turn.pk, variant=1)
    assert first != second
    assert action_image(orchestrator, turn.pk, variant=1) == second
    seeds = turn.images.filter(image_type="action").order_by("variant").values_list("seed", flat=True)
    assert seeds[1] == (seeds[0] + 1) % 2**32
    assert turn.images.get(image_type="action", is_selected=True).variant == 1


def test_a_turns_pictures_come_under_the_documented_keys(orchestrator, story, player, worker):
    turn = turn_submit(story=story, actor=player, data={"player_input": "I wait.", "narration": "Nothing moves here."})
    found = images_for(
        orchestrator,
        turn.pk,
        {
            "turn_number": 1,
            "ai_response": "Mira lifts the lantern.",
            "location": "The lantern stairs",
            "characters": {"Mira": {"description": MIRA["description"]}, "Old Marrow": "a ferryman with a white beard"},
        },
    )
    assert sorted(found) == ["action", "background", "character_Mira", "character_Old Marrow"]
    assert isinstance(found["action"], list)
    assert is_picture(found["action"][0])
    assert all(is_picture(path) for key, path in found.items() if key != "action")
    assert orchestrator.workers[0]["worker_name"] == "pc1-comfyui"


def test_asking_again_makes_nothing_new_unless_forced(orchestrator, story, player, worker):
    turn = turn_submit(story=story, actor=player, data=told())
    first = images_for(orchestrator, turn.pk, {})
    assert images_for(orchestrator, turn.pk, {}) == first
    forced = images_for(orchestrator, turn.pk, {}, force_regenerate=True)
    assert forced.keys() == first.keys()
    assert all(forced[key] != first[key] for key in first)


def test_variants_of_a_story_are_all_in_the_list(orchestrator, story, player, worker):
    Story.objects.filter(pk=story.pk).update(settings={"variants": 3})
    turn = turn_submit(story=story, actor=player, data=told())
    assert len(set(images_for(orchestrator, turn.pk, {})["action"])) == 3


def test_what_failed_is_left_out_and_made_anew_at_the_next_call(orchestrator, story, player, worker):
    turn = turn_submit(story=story, actor=player, data=told())
    found = images_for(orchestrator, turn.pk, {})
    GeneratedImage.objects.filter(turn=turn, image_type="action").update(status="failed", file=None, error_code="x")
    again = images_for(orchestrator, turn.pk, {})
    assert is_picture(again["action"][0])
    assert again["background"] == found["background"]


def test_a_picture_is_made_again_with_another_prompt(orchestrator, story, player, worker):
    turn = turn_submit(story=story, actor=player, data=told())
    (path,) = images_for(orchestrator, turn.pk, {})["action"]
    image = turn.images.get(image_type="action")

    @async_to_sync
    async def again() -> str:
        return str(await orchestrator.regenerate_image(image.pk, new_prompt="a dragon over the sea"))

    other = again()
    assert other != path
    assert is_picture(other)
    assert GeneratedImage.objects.get(regenerated_from=image).prompt == "a dragon over the sea"


def test_a_picture_that_is_not_there_cannot_be_made_again(orchestrator, db):
    with pytest.raises(NotFound):
        async_to_sync(orchestrator.regenerate_image)(4711)


def test_a_picture_that_cannot_be_made_is_an_error_with_the_reason(orchestrator, story, player, worker, settings):
    config = settings.IMAGE_GENERATION
    settings.IMAGE_GENERATION = replace(config, turn_images=replace(config.turn_images, sampler="No such sampler"))
    turn = turn_submit(story=story, actor=player, data=told(image_types=["background"]))
    with pytest.raises(ImageGenerationError, match="could not be made") as caught:
        action_image(orchestrator, turn.pk)
    job = Job.objects.filter(status="failed").get()
    assert job.error_detail in str(caught.value)


def test_waiting_has_a_limit_and_says_what_is_waited_for(story, player, quiet_queue):
    hasty = ImageGenerationOrchestrator(None, None, wait_limit_s=0.2)
    turn = turn_submit(story=story, actor=player, data=told(image_types=["background"]))
    with pytest.raises(ImageGenerationError, match="No worker is configured"):
        action_image(hasty, turn.pk)


def test_pictures_switched_off_are_an_error_that_names_the_key(orchestrator, story, player, settings):
    config = settings.IMAGE_GENERATION
    settings.IMAGE_GENERATION = replace(config, turn_images=replace(config.turn_images, enabled=False))
    turn = turn_submit(story=story, actor=player, data=told(image_types=[]))
    with pytest.raises(ImageGenerationError, match="image_generation.turn_images.enabled"):
        action_image(orchestrator, turn.pk)


def test_worker_status_has_the_documents_columns(orchestrator, worker):
    (status,) = async_to_sync(orchestrator.get_worker_status)()
    columns = "worker_id worker_name api_type api_url max_concurrent supports_sdxl supports_controlnet vram_gb is_online current_load last_heartbeat total_generated avg_generation_time_ms error_count"  # noqa: E501
    assert set(columns.split()) <= status.keys()


def test_the_documents_settings_are_accepted_and_wrong_ones_are_not(caplog):
    ImageGenerationOrchestrator(None, {"image_generation": {}})
    assert not caplog.records
    ImageGenerationOrchestrator(None, {"image_generation": {"turn_images": {"variants": 2}}})
    assert "LUNA_CONFIG" in caplog.text
    with pytest.raises(ConfigurationError):
        ImageGenerationOrchestrator(None, {"image_generation": {"turn_images": {"variant": 2}}})


def test_image_types_have_the_documents_values():
    assert [kind.value for kind in ImageType] == ["background", "action", "character"]


def test_a_processed_turn_has_narration_and_pictures(story, worker):
    @async_to_sync
    async def run() -> dict[str, Any]:
        return await TurnProcessor().process_turn({"story_id": story.pk, "player_input": "I climb the iron stairs."})

    told_turn = run()
    turn = story.turns.get()
    assert told_turn["turn_id"] == turn.pk
    assert told_turn["narration"] == turn.narration
    assert told_turn["narrated_by"] == "built-in narrator"
    assert is_picture(told_turn["images"]["action"][0])


def test_a_processed_turn_keeps_what_the_engine_told(story, player, worker):
    turn = turn_submit(story=story, actor=player, data=told())
    done = async_to_sync(TurnProcessor(None, None).process_turn)({"turn_id": turn.pk})
    assert (done["turn_number"], done["narration"]) == (1, told()["narration"])
    assert [one["name"] for one in done["characters"]] == ["Mira"]
    assert sorted(done["images"]) == ["action", "background", "character_Mira"]


def test_the_names_can_be_imported_by_a_program_of_ones_own():
    code = "from images.orchestrator import ImageGenerationOrchestrator, ImageType; from images.narration import TurnProcessor; TurnProcessor()"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_nothing_of_it_leaves_queue_or_storage_in_disorder(orchestrator, story, player, worker):
    turn = turn_submit(story=story, actor=player, data=told())
    images_for(orchestrator, turn.pk, {}, force_regenerate=True)
    call_command("queue_audit")
    call_command("storage_audit")
