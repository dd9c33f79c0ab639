"""The AUTOMATIC1111 family: who stands there, and what each program is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compute.backends.automatic1111 import Automatic1111Backend
from compute.backends.base import BackendError, Fault
from tests.compute.backends.automatic1111_help import DIALECTS, WITH_PROGRESS, Start, paint, refused, starting
from tests.compute.backends.watching import settings


@pytest.fixture
def start() -> Iterator[Start]:
    with starting() as make:
        yield make


# Who is there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "server"),
    [
        ("a1111", "AUTOMATIC1111"),
        ("a1111-nowebui", "AUTOMATIC1111"),
        ("a1111-1.8", "AUTOMATIC1111 (1.8 or older)"),
        ("forge", "Forge"),
        ("sdnext", "SD.Next"),
        ("sdcpp", "stable-diffusion.cpp"),
        ("koboldcpp", "KoboldCpp 1.76"),
        ("drawthings", "Draw Things"),
    ],
)
def test_probe_tells_the_programs_apart_and_never_asks_cmd_flags(start: Start, dialect: str, server: str) -> None:
    fake, backend = start(dialect, ["one.safetensors"])
    found = backend.probe()
    assert found.server == server
    assert found.job_kinds == ("image_generation",)
    assert found.models[0].startswith("one")
    assert found.loaded_model is not None
    assert ("progress" in found.features) == (dialect in WITH_PROGRESS)
    assert ("cancel" in found.features) == (dialect in WITH_PROGRESS)
    assert ("GET", "/sdapi/v1/cmd-flags") not in fake.calls


def test_probe_reports_memory_queue_and_limits(start: Start) -> None:
    fake, backend = start("a1111", step_ms=100)
    fake.start_foreign_job(steps=100)
    found = backend.probe()
    assert (found.vram_bytes, found.vram_free_bytes) == (8_000_000_000, 6_000_000_000)
    assert found.queue_remaining == 1
    assert "DPM++ 2M" in found.samplers
    assert "Karras" in found.schedulers
    assert start("koboldcpp")[1].probe().max_side_px == 1024


def test_a_web_ui_without_its_api_is_told_how_to_start_it(start: Start) -> None:
    with pytest.raises(BackendError, match="--api") as caught:
        start("a1111", api=False)[1].probe()
    assert caught.value.code == "not_found"


def test_a_web_ui_whose_options_are_broken_is_known_by_its_samplers(start: Start) -> None:
    _, backend = start("a1111", broken=["/sdapi/v1/options", "/sdapi/v1/memory"])
    assert backend.probe().job_kinds == ("image_generation",)
    assert paint(backend, sampler="Euler a").mime == "image/png"


def test_another_program_at_the_same_address_is_noticed(start: Start) -> None:
    fake, backend = start("a1111", ["one.safetensors"])
    paint(backend)
    fake.checkpoints = ["two.safetensors"]
    assert refused(backend, model="one").code == "missing_checkpoint"
    assert paint(backend, model="two").used["model"] == "two"


def test_koboldcpp_without_an_image_model_offers_no_work(start: Start) -> None:
    found = start("koboldcpp", [])[1].probe()
    assert found.job_kinds == ()
    assert "--sdmodel" in found.warnings[0]


def test_basic_auth_is_sent_and_a_wrong_one_is_unauthorized(start: Start) -> None:
    fake, backend = start("a1111", auth=("luna", "päss"), settings={"user": "luna", "password": "päss"})
    assert paint(backend).mime == "image/png"
    stranger = Automatic1111Backend(settings("automatic1111", fake.url))
    with pytest.raises(BackendError, match="--api-auth") as caught:
        stranger.probe()
    assert caught.value.code == "unauthorized"


def test_koboldcpp_takes_a_bearer_token(start: Start) -> None:
    _, backend = start("koboldcpp", bearer="s3cret", settings={"bearer": "s3cret"})
    assert paint(backend).mime == "image/png"


def test_a_path_prefix_of_a_proxy_is_kept(start: Start) -> None:
    fake, backend = start("forge", prefix="/sd")
    assert paint(backend).mime == "image/png"
    assert ("POST", "/sdapi/v1/txt2img") in fake.calls


# What is sent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_only_meant_fields_are_sent_never_null_and_the_seed_always(start: Start, dialect: str) -> None:
    fake, backend = start(dialect, ["one.safetensors"])
    paint(backend, seed=0, negative_prompt="fog")
    body = fake.requests[0]
    assert None not in body.values()
    assert body["seed"] == 0
    allowed = {"prompt", "negative_prompt", "seed", "steps", "width", "height", "cfg_scale", "guidance_scale"}
    assert set(body) - allowed == ({"force_task_id"} if dialect in ("a1111", "a1111-1.8", "forge") else set())


@pytest.mark.parametrize(
    ("dialect", "asked", "sent"),
    [
        ("a1111", "DPM++ 2M Karras", ("DPM++ 2M", "Karras")),
        ("a1111", "euler a", ("Euler a", None)),
        ("a1111", "k_euler_a", ("Euler a", None)),  # an alias A1111 lists but does not take
        ("a1111", "DPM++ 2M SDE SGM Uniform", ("DPM++ 2M SDE", "SGM Uniform")),
        ("a1111", "DPM++ 2M Automatic", ("DPM++ 2M", None)),
        ("a1111-nowebui", "DDIM", ("DDIM", None)),
        ("forge", "DPM++ SDE Exponential", ("DPM++ SDE", "Exponential")),
        ("sdnext", "Euler a", ("Euler a", None)),
        ("a1111-1.8", "DPM++ 2M Karras", ("DPM++ 2M Karras", None)),
        ("a1111-1.8", "Euler a Automatic", ("Euler a", None)),
        ("sdcpp", "DPM++ 2M Karras", ("dpm++2m", "karras")),
        ("sdcpp", "DPM++ 2S a", ("dpm++2s_a", None)),
        ("sdcpp", "DDIM", ("ddim_trailing", None)),
        ("koboldcpp", "DPM++ 2M", ("DPM++ 2M", None)),
    ],
)
def test_samplers_are_spelled_as_each_program_takes_them(
    start: Start, dialect: str, asked: str, sent: tuple[str, str | None]
) -> None:
    fake, backend = start(dialect)
    result = paint(backend, sampler=asked)
    assert (fake.requests[0].get("sampler_name"), fake.requests[0].get("scheduler")) == sent
    assert result.warnings == ()


def test_a_sampler_the_server_lacks_is_refused_before_it_could_be_replaced(start: Start) -> None:
    fake, backend = start("forge")
    lacking = refused(backend, sampler="DPM++ 3M SDE Karras")
    assert (lacking.code, lacking.fault) == ("unsupported", Fault.WORKER)
    assert "DPM++ 2M SDE" in lacking.detail
    nonsense = refused(backend, sampler="Eular b")
    assert (nonsense.code, nonsense.fault) == ("unsupported", Fault.PAYLOAD)
    assert refused(start("a1111-1.8")[1], sampler="Euler a Karras").code == "unsupported"
    assert fake.requests == []


def test_a_scheduler_the_server_lacks_is_left_out_with_a_warning(start: Start) -> None:
    fake, backend = start("koboldcpp")
    result = paint(backend, sampler="DPM++ 2M Karras")
    assert "scheduler" not in fake.requests[0]
    assert "Karras" in result.warnings[0]


def test_a_server_of_1_9_0_gets_a_scheduler_although_it_lists_none(start: Start) -> None:
    fake, backend = start("a1111", missing=["/sdapi/v1/schedulers"])
    paint(backend, sampler="DPM++ 2M Karras")
    assert (fake.requests[0]["sampler_name"], fake.requests[0]["scheduler"]) == ("DPM++ 2M", "Karras")


def test_draw_things_gets_a_minimal_body_in_its_own_keys(start: Start) -> None:
    fake, backend = start("drawthings", ["flux_1_dev.ckpt"])
    result = paint(backend, sampler="Euler a", model="flux_1_dev", prompt="a <lora:detail:1> cat")
    assert fake.requests[0]["guidance_scale"] == 7.0
    assert "cfg_scale" not in fake.requests[0]
    assert "lora" not in fake.requests[0]["prompt"]
    assert any("Euler a" in warning for warning in result.warnings)
    assert any("LoRA detail" in warning for warning in result.warnings)


def test_stable_diffusion_cpp_gets_loras_as_a_list_and_no_smuggled_parameters(start: Start) -> None:
    fake, backend = start("sdcpp", loras=["detail"])
    prompt = 'a cat <lora:detail:0.7> <lora:gone:1> <sd_cpp_extra_args>{"steps": 900}</sd_cpp_extra_args>'
    prompt += " <sd_cpp_<sd_cpp_extra_args>extra_args> <sd_cpp_ex<lora:detail:1>tra_args>"
    result = paint(backend, prompt=prompt)
    assert fake.requests[0]["lora"][0] == {"path": "detail.safetensors", "multiplier": 0.7}
    assert "<sd_cpp_extra_args>" not in fake.requests[0]["prompt"]
    assert "<lora" not in fake.requests[0]["prompt"]
    assert any("gone" in warning for warning in result.warnings)


def test_a_lora_the_web_ui_would_ignore_in_silence_is_a_warning(start: Start) -> None:
    fake, backend = start("a1111", loras=["detail"])
    result = paint(backend, prompt="a cat <lora:detail:1> <lora:gone:1>")
    assert "<lora:detail:1>" in fake.requests[0]["prompt"]
    assert [warning for warning in result.warnings if "gone" in warning]
    assert not [warning for warning in result.warnings if "detail" in warning]


def test_koboldcpp_limits_are_kept_and_told(start: Start) -> None:
    fake, backend = start("koboldcpp")
    result = paint(backend, steps=120, cfg_scale=40.0)
    assert (fake.requests[0]["steps"], fake.requests[0]["cfg_scale"]) == (80, 25.0)
    assert result.used["steps"] == 80
    assert len(result.warnings) == 2


# Checkpoints ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["two", "Two.safetensors", "sub/two.safetensors", "luna-name"])
def test_a_checkpoint_is_chosen_by_any_of_its_names_or_the_operators_mapping(start: Start, wanted: str) -> None:
    fake, backend = start(
        "a1111", ["one.safetensors", "sub/two.safetensors"], settings={"models": {"luna name": "two"}}
    )
    result = paint(backend, model=wanted)
    assert fake.requests[0]["override_settings"]["sd_model_checkpoint"].startswith("sub/two.safetensors")
    assert result.used["model"] == "two"


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "drawthings"])
def test_a_missing_checkpoint_is_refused_by_name_with_the_nearest(start: Start, dialect: str) -> None:
    fake, backend = start(dialect, ["sd_xl_base_1.0.safetensors"])
    error = refused(backend, model="sd_xl_base_0.9")
    assert (error.code, error.fault) == ("missing_checkpoint", Fault.WORKER)
    assert "sd_xl_base_0.9" in error.detail
    assert "did you mean sd_xl_base_1.0" in error.detail
    assert fake.requests == []


def test_a_checkpoint_added_since_the_last_look_is_found(start: Start) -> None:
    fake, backend = start("forge", ["one.safetensors"])
    paint(backend)
    fake.checkpoints.append("new.safetensors")
    assert paint(backend, model="new").used["model"] == "new"


def test_a_silently_replaced_checkpoint_is_an_error_that_names_both(start: Start) -> None:
    fake, backend = start("a1111", ["one.safetensors", "two.safetensors"])
    fake.fail_next("replace_checkpoint")
    error = refused(backend, model="two")
    assert (error.code, error.fault) == ("missing_checkpoint", Fault.WORKER)
    assert "with one instead of two.safetensors" in error.detail


def test_the_one_model_of_a_small_server_needs_no_override(start: Start) -> None:
    fake, backend = start("sdcpp", ["models/dream.safetensors"])
    for wanted in ("auto", "models/dream"):
        assert "dream" in str(paint(backend, model=wanted).used["model"])
    assert all("override_settings" not in body for body in fake.requests)
