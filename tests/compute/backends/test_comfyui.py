"""ComfyUI, the ordinary way: the graph sent, progress and previews heard, the right picture fetched and described."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from PIL import Image

from compute.backends.base import BackendError, Capacity, ChatRequest, Fault
from compute.backends.comfyui import attempt, events
from compute.backends.comfyui import backend as backend_module
from tests.compute.backends.comfyui_help import MIDDLE, NEW, OLD, Background, Watcher, backend, request, somebody_elses
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.comfyui_rules import SAMPLERS, SCHEDULERS


@pytest.mark.parametrize("version", [NEW, MIDDLE, OLD, "0.3.10", None])
def test_a_picture_comes_whole_in_the_asked_size_from_every_version(version: str | None) -> None:
    with FakeComfyUI(version=version, step_ms=1) as fake:
        asked = request(width_px=96, height_px=72, seed=0, sampler="DPM++ 2M Karras", cfg_scale=6.5, model="auto")
        watch = Watcher()
        result = backend(fake).generate_image(asked, watch)
    picture = Image.open(io.BytesIO(result.data))
    assert (picture.size, picture.format, result.mime) == ((96, 72), "PNG", "image/png")
    assert result.warnings == ()
    assert result.used == {
        "model": "v1-5-pruned-emaonly.safetensors",
        "sampler": "dpmpp_2m",
        "scheduler": "karras",
        "seed": 0,
        "steps": 3,
        "cfg_scale": 6.5,
        "width_px": 96,
        "height_px": 72,
    }
    assert watch.heard[0] == "sending"
    assert watch.ids[0] == asked.request_id
    assert "sent" in watch.heard


def test_the_id_is_told_before_anything_is_sent() -> None:
    with FakeComfyUI(step_ms=1) as fake:
        comfy = backend(fake)
        comfy.probe()
        posts_when_told: list[int] = []

        class Careful(Watcher):
            def sending(self, remote_id: str) -> None:
                posts_when_told.append(len(fake.seen("POST", "/prompt")))

        comfy.generate_image(request(), Careful())
    assert posts_when_told == [0]


@pytest.mark.parametrize("version", [NEW, MIDDLE])
def test_what_is_posted_carries_our_ids_and_no_origin(version: str) -> None:
    with FakeComfyUI(version=version, step_ms=1) as fake:
        asked = request(prompt="Ünïcode \U0001f319", negative_prompt="blurry")
        backend(fake).generate_image(asked, Watcher())
        (post,) = fake.seen("POST", "/prompt")
        (socket,) = fake.seen("GET", "/ws")
    assert post.body["prompt_id"] == post.body["client_id"] == socket.query["clientId"] == asked.request_id
    assert {node["class_type"] for node in post.body["prompt"].values()} >= {"KSampler", "EmptyLatentImage"}
    texts = [n["inputs"]["text"] for n in post.body["prompt"].values() if n["class_type"] == "CLIPTextEncode"]
    assert texts == ["Ünïcode \U0001f319", "blurry"]
    assert all("Origin" not in one.headers and "Sec-Fetch-Site" not in one.headers for one in fake.requests)
    # before 0.5.0 the server's own --preview-method decides
    assert post.body.get("extra_data") == ({"preview_method": "latent2rgb"} if version == NEW else None)


def test_once_probed_nothing_but_the_socket_stands_before_the_post() -> None:
    with FakeComfyUI(step_ms=1) as fake:
        comfy = backend(fake)
        comfy.probe()
        fake.requests.clear()
        comfy.generate_image(request(), Watcher())
        paths = [one.path for one in fake.requests]
    assert paths.index("/prompt") <= 1
    assert set(paths[: paths.index("/prompt")]) <= {"/ws"}


def test_the_same_picture_asked_twice_is_made_twice() -> None:
    """An identical graph would be answered with the earlier file, which somebody may have deleted."""
    with FakeComfyUI(step_ms=1) as fake:
        comfy = backend(fake)
        first, second = (comfy.generate_image(request(seed=5), Watcher()) for _ in range(2))
        other = comfy.generate_image(request(seed=6), Watcher())
        assert len(fake.engine.files) == 3
    pixels = [Image.open(io.BytesIO(result.data)).tobytes() for result in (first, second, other)]
    assert pixels[0] == pixels[1] != pixels[2]


@pytest.mark.parametrize("version", [NEW, MIDDLE, OLD])
def test_steps_and_previews_are_told(version: str) -> None:
    with FakeComfyUI(version=version, step_ms=40) as fake:
        watch = Watcher()
        backend(fake).generate_image(request(steps=6), watch)
    steps = [update.step for update in watch.updates if update.step is not None]
    assert steps == sorted(steps)
    assert steps[-1] == 6
    assert {update.steps for update in watch.updates} <= {6, None}
    assert watch.updates[-1].fraction == 1.0
    previews = [update.preview for update in watch.updates if update.preview]
    assert previews
    assert all(Image.open(io.BytesIO(preview.data)).format == "JPEG" for preview in previews)
    assert {preview.mime for preview in previews} == {"image/jpeg"}


@pytest.mark.parametrize("version", [NEW, OLD])
def test_progress_and_previews_of_others_are_not_taken_for_ours(version: str) -> None:
    """A prompt without client_id sends everything to every socket; its previews carry no id."""
    with FakeComfyUI(version=version, step_ms=25) as fake:
        comfy = backend(fake)
        comfy.probe()
        theirs = somebody_elses(fake, steps=9)
        told_early: list[str] = []

        class Listening(Watcher):
            def progress(self, progress: object) -> None:
                super().progress(progress)  # type: ignore[arg-type]
                if (theirs, "success") not in fake.engine.finished:
                    told_early.append("progress")

        watch = Listening()
        comfy.generate_image(request(steps=3), watch)
        assert fake.engine.finished[0] == (theirs, "success")
    assert told_early == []
    assert {update.steps for update in watch.updates} <= {3, None}
    assert watch.updates[-1].step == 3


@pytest.mark.parametrize("how", ["refuse", "silent", "stall", "not installed"])
def test_without_a_usable_websocket_polling_brings_the_picture(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "POLL_S", 0.05)
    if how == "not installed":
        monkeypatch.setattr(events, "websocket", None)
    with FakeComfyUI(step_ms=1, ws="ok" if how == "not installed" else how) as fake:
        comfy = backend(fake)
        assert (Capacity.PROGRESS in comfy.probe().features) is (how != "not installed")
        watch = Watcher()
        assert comfy.generate_image(request(), watch).mime == "image/png"
    assert watch.updates == []


@pytest.mark.parametrize("failure", ["drop_ws", "huge_frame"])
def test_a_websocket_that_breaks_in_the_middle_costs_no_picture(failure: str) -> None:
    with FakeComfyUI(step_ms=20) as fake:
        fake.fail_next(failure)
        assert backend(fake).generate_image(request(), Watcher()).mime == "image/png"
        assert len(fake.seen("POST", "/prompt")) == 1


@pytest.mark.parametrize("failure", ["drop_ws", "huge_frame"])
def test_a_broken_websocket_is_opened_again(failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of 2**40 bytes is announced, not sent: it must be refused by its length."""
    monkeypatch.setattr(events, "RECONNECT_S", 0.02)
    with FakeComfyUI(step_ms=60) as fake:
        fake.fail_next(failure)
        watch = Watcher()
        backend(fake).generate_image(request(steps=12), watch)
    assert watch.updates[-1].step == 12


def test_a_picture_done_before_the_websocket_stood_is_fetched_as_soon_as_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempt, "POLL_S", 1000)
    with FakeComfyUI(step_ms=1, ws="late") as fake:
        assert backend(fake).generate_image(request(timeout_s=20), Watcher()).mime == "image/png"


def test_history_that_lags_behind_the_announced_success_is_waited_for() -> None:
    with FakeComfyUI(step_ms=1, history_delay_ms=400) as fake:
        assert backend(fake).generate_image(request(), Watcher()).mime == "image/png"


def test_the_watcher_hears_that_the_server_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "ALIVE_EVERY_S", 0.1)
    with FakeComfyUI(step_ms=120, ws="silent") as fake:
        watch = Watcher()
        backend(fake).generate_image(request(), watch)
    assert watch.heard.count("alive") >= 2


def test_several_threads_use_one_backend() -> None:
    with FakeComfyUI(step_ms=5) as fake:
        comfy = backend(fake)
        asked = [request(seed=n, width_px=64 + 8 * n) for n in range(4)]
        jobs = [Background(lambda one=one: comfy.generate_image(one, Watcher())) for one in asked]  # type: ignore[misc]
        sizes = [Image.open(io.BytesIO(job.join().data)).width for job in jobs]
    assert sizes == [64, 72, 80, 88]


def test_a_size_that_the_server_rounds_down_is_reported() -> None:
    with FakeComfyUI(step_ms=1) as fake:
        result = backend(fake).generate_image(request(width_px=60, height_px=70), Watcher())
    assert Image.open(io.BytesIO(result.data)).size == (56, 64)
    assert (result.used["width_px"], result.used["height_px"]) == (56, 64)
    assert result.warnings == ("ComfyUI rounded 60×70 px down to 56×64 px, multiples of 8",)


def test_a_sampler_replaced_by_the_server_is_reported() -> None:
    with FakeComfyUI(step_ms=1) as fake:
        fake.fail_next("swap_sampler")
        result = backend(fake).generate_image(request(sampler="DPM++ 2M"), Watcher())
    assert result.used["sampler"] == "euler"
    assert any("sampler_name 'euler' where 'dpmpp_2m' was asked" in warning for warning in result.warnings)


def test_folders_are_given_back_to_view_exactly_as_listed() -> None:
    with FakeComfyUI(step_ms=1) as fake:
        fake.fail_next("backslash")
        backend(fake).generate_image(request(), Watcher())
        assert fake.seen("GET", "/view")[0].query["subfolder"] == "LUNA\\x"


@pytest.mark.parametrize(
    ("auth", "settings"),
    [
        ({"user": "ann", "password": "pä:ss"}, {"user": "ann", "password": "pä:ss"}),
        ({"bearer": "t0ken"}, {"bearer": "t0ken"}),
    ],
)
def test_a_proxy_with_prefix_and_sign_in_is_passed_by_requests_and_websocket(
    auth: dict[str, Any], settings: dict[str, Any]
) -> None:
    with FakeComfyUI(step_ms=30, base_path="/gpu/one", **auth) as fake:
        assert fake.url.endswith("/gpu/one")
        watch = Watcher()
        comfy = backend(fake, **settings)
        assert comfy.probe().server == "ComfyUI 0.27.1"
        comfy.generate_image(request(), watch)
    assert any(update.step for update in watch.updates), "the websocket was not let in"


@pytest.mark.parametrize(
    ("wanted", "mapping", "expected"),
    [
        ("auto", {}, "SD15\\dreamshaper_8.safetensors"),
        ("sd_xl_base_1.0", {}, "sd_xl_base_1.0.safetensors"),
        ("SD XL Base 1.0 [31e35c80fc]", {}, "sd_xl_base_1.0.safetensors"),
        ("DreamShaper-8", {}, "SD15\\dreamshaper_8.safetensors"),
        ("house style", {"House Style": "sd_xl_base_1.0.safetensors"}, "sd_xl_base_1.0.safetensors"),
    ],
)
def test_a_checkpoint_is_found_by_the_ways_people_write_it(wanted: str, mapping: dict[str, str], expected: str) -> None:
    names = ["SD15\\dreamshaper_8.safetensors", "sd_xl_base_1.0.safetensors"]
    with FakeComfyUI(step_ms=1, checkpoints=names) as fake:
        result = backend(fake, models=mapping).generate_image(request(model=wanted), Watcher())
    assert result.used["model"] == expected


def test_auto_stays_with_the_checkpoint_in_memory() -> None:
    with FakeComfyUI(step_ms=1, checkpoints=["a.safetensors", "b.safetensors"]) as fake:
        comfy = backend(fake)
        comfy.generate_image(request(model="b"), Watcher())
        assert comfy.generate_image(request(model="auto"), Watcher()).used["model"] == "b.safetensors"


def test_a_checkpoint_added_after_the_probe_is_found() -> None:
    with FakeComfyUI(step_ms=1, checkpoints=["a.safetensors"]) as fake:
        comfy = backend(fake)
        comfy.probe()
        fake.options.checkpoints.append("new.safetensors")
        assert comfy.generate_image(request(model="new"), Watcher()).used["model"] == "new.safetensors"


def test_old_knowledge_is_renewed_beside_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "FACTS_FRESH_S", 0.0)
    with FakeComfyUI(step_ms=1) as fake:
        comfy = backend(fake)
        comfy.probe()
        fake.requests.clear()
        comfy.generate_image(request(), Watcher())
        fake.wait_until(lambda: fake.seen("GET", "/system_stats"))


def test_an_unknown_sampler_is_the_requests_fault_and_names_the_nearest() -> None:
    with (
        FakeComfyUI() as fake,
        pytest.raises(BackendError, match=r"'DPM\+\+ 2MM Karas'.*did you mean 'DPM\+\+ 2M") as raised,
    ):
        backend(fake).generate_image(request(sampler="DPM++ 2MM Karas"), Watcher())
    assert (raised.value.code, raised.value.fault) == ("unsupported", Fault.PAYLOAD)
    assert fake.seen("POST", "/prompt") == []


def test_a_sampler_that_only_this_server_lacks_is_its_fault() -> None:
    with FakeComfyUI(samplers=["euler", "dpmpp_2m"]) as fake, pytest.raises(BackendError, match="'dpmpp_2m'") as raised:
        backend(fake).generate_image(request(sampler="DPM++ 2M SDE"), Watcher())
    assert (raised.value.code, raised.value.fault) == ("unsupported", Fault.WORKER)


def test_a_probe_tells_what_the_server_is() -> None:
    names = ["sdxl/juggernautXL.safetensors"]
    with FakeComfyUI(checkpoints=names, loras=["a.safetensors"], step_ms=200, v3_combos=True) as fake:
        somebody_elses(fake, steps=50)
        somebody_elses(fake, steps=50, seed=2)
        found = backend(fake).probe()
    assert found.job_kinds == ("image_generation",)
    assert (found.server, found.models) == ("ComfyUI 0.27.1", tuple(names))
    assert (found.samplers, found.schedulers) == (tuple(SAMPLERS), tuple(SCHEDULERS))
    assert found.gpu_model == "cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync"
    assert (found.vram_bytes, found.vram_free_bytes) == (24 * 2**30, 12 * 2**30)
    assert found.features == {
        *(Capacity.SDXL, Capacity.LORA, Capacity.IMG2IMG, Capacity.PREVIEW, Capacity.PROGRESS, Capacity.CANCEL)
    }
    assert found.queue_remaining == 2
    assert found.warnings == ()


def test_our_own_work_does_not_count_as_waiting_and_the_last_checkpoint_as_loaded() -> None:
    with FakeComfyUI(step_ms=1, checkpoints=["a.safetensors", "b.safetensors"]) as fake:
        backend(fake).generate_image(request(model="b"), Watcher())
        fake.options.step_ms = 20
        job = Background(lambda: backend(fake).generate_image(request(steps=20), Watcher()))
        fake.wait_until(lambda: fake.engine.running)
        found = backend(fake).probe()
        job.join()
    assert (found.queue_remaining, found.loaded_model) == (0, "b.safetensors")


def test_a_cpu_with_small_checkpoints_is_not_sdxl_capable() -> None:
    with FakeComfyUI(device="cpu", device_type="cpu", vram_bytes=16 * 2**30) as fake:
        assert Capacity.SDXL not in backend(fake).probe().features


def test_slow_object_info_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "PROBE_SECONDARY_S", 0.2)
    with FakeComfyUI(object_info_delay_ms=20_000, step_ms=1) as fake:
        comfy = backend(fake)
        assert "sampler list could not be read" in comfy.probe().warnings[0]
        assert comfy.generate_image(request(sampler="Euler a"), Watcher()).used["sampler"] == "euler_ancestral"


def test_probe_warns_of_a_server_without_checkpoints_or_version() -> None:
    with FakeComfyUI(checkpoints=[], version=None) as fake:
        warnings = backend(fake).probe().warnings
    assert any("no checkpoints" in warning for warning in warnings)
    assert any("does not say its version" in warning for warning in warnings)


def test_comfyui_writes_no_text() -> None:
    chat = ChatRequest(request_id=str(uuid.uuid4()), messages=[{"role": "user", "content": "hi"}])
    with pytest.raises(BackendError) as raised:
        backend("http://127.0.0.1:1").chat(chat, Watcher())
    assert (raised.value.code, raised.value.fault) == ("unsupported", Fault.PAYLOAD)
