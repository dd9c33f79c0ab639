"""Every fault of a configuration file is named by its path, with what to do, and all are reported at once."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compute.common.jsonc import MAX_BYTES, JsoncError, parse_jsonc
from compute.common.schema import ConfigurationError, Problem
from compute.config import AuthConfig
from images.config import ROOT as SECTION
from images.config import ImageGenerationConfig, configuration_from, load_configuration, parse_configuration

WORKER = {"name": "pc1", "api_type": "comfyui", "api_url": "http://192.168.1.100:8188"}


def read(**section: Any) -> ImageGenerationConfig:
    return parse_configuration(json.dumps({SECTION: section}), "luna.json")


def faults(text: str | dict[str, Any]) -> dict[str, str]:
    """path → message of every problem of a file."""
    text = text if isinstance(text, str) else json.dumps({SECTION: text})
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, "luna.json")
    assert "luna.json" in str(caught.value)
    for problem in caught.value.problems:
        assert str(problem) in str(caught.value)
    return {problem.path: problem.message for problem in caught.value.problems}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"enabld": True}, "enabld", 'did you mean "enabled"'),
    ({"backgroundImages": {}}, "backgroundImages", 'did you mean "background_images"'),
    ({"turn_images": {"zzz": 1}}, "turn_images.zzz", "known here: enabled, default_size"),
    ({"odd key": 1}, '["odd key"]', "unknown key"),
    ({"enabled": "yes"}, "enabled", 'true or false, not "yes"'),
    ({"enabled": 1}, "enabled", "true or false, not 1"),
    ({"mode": "on demand"}, "mode", 'did you mean "on_demand"'),
    ({"mode": None}, "mode", "one of"),
    ({"dreamer": []}, "dreamer", "an object"),
    ({"dreamer": {"variants_per_concept": 5}}, "dreamer.variants_per_concept", "from 1 to 4, not 5"),
    ({"dreamer": {"confidence_threshold": 1.5}}, "dreamer.confidence_threshold", "from 0 to 1, not 1.5"),
    ({"dreamer": {"confidence_threshold": "0.6"}}, "dreamer.confidence_threshold", 'a number from 0 to 1, not "0.6"'),
    ({"dreamer": {"confidence_threshold": True}}, "dreamer.confidence_threshold", "not true"),
    ({"dreamer": {"asset_expiry_days": 0}}, "dreamer.asset_expiry_days", "from 1 to 3650, not 0"),
    ({"turn_images": {"steps": True}}, "turn_images.steps", "a whole number from 1 to 150, not true"),
    ({"turn_images": {"steps": 30.0}}, "turn_images.steps", "a whole number"),
    ({"turn_images": {"steps": None}}, "turn_images.steps", "not null"),
    ({"turn_images": {"model": ""}}, "turn_images.model", "must not be empty"),
    ({"turn_images": {"sampler": 5}}, "turn_images.sampler", "text in double quotes"),
    ({"turn_images": {"model": "a\nb"}}, "turn_images.model", "control characters"),
    ({"item_images": {"default_size": [768]}}, "item_images.default_size", "[width, height]"),
    ({"item_images": {"default_size": "768x768"}}, "item_images.default_size", "[width, height]"),
    ({"item_images": {"default_size": [768, True]}}, "item_images.default_size", "[width, height]"),
    ({"item_images": {"default_size": [-768, 768]}}, "item_images.default_size[0]", "from 64 to 2048 pixels, not -768"),
    ({"item_images": {"default_size": [768, 4096]}}, "item_images.default_size[1]", "from 64 to 2048 pixels"),
    (
        {"item_images": {"default_size": [770, 768]}},
        "item_images.default_size[0]",
        "multiple of 8, not 770; take 768 or 776",
    ),
    ({"background_images": {"vary_by": ["wether"]}}, "background_images.vary_by[0]", 'did you mean "weather"'),
    ({"background_images": {"vary_by": ["weather", "weather"]}}, "background_images.vary_by[1]", "twice"),
    ({"background_images": {"vary_by": "weather"}}, "background_images.vary_by", "a list"),
    ({"character_portraits": {"change_keywords": [""]}}, "character_portraits.change_keywords[0]", "empty"),
    ({"storage": {"quality": 0}}, "storage.quality", "from 1 to 100, not 0"),
    ({"storage": {"format": "jpg"}}, "storage.format", 'did you mean "jpeg"'),
    ({"storage": {"organize_by": "story"}}, "storage.organize_by", '"story_and_type", "turn", "date"'),
    ({"storage": {"base_path": "../pictures"}}, "storage.base_path", '".."'),
    ({"storage": {"base_path": "~/pictures"}}, "storage.base_path", '"~"'),
    ({"prompt_templates": {"item": "{nmae}, 8k"}}, "prompt_templates.item", "unknown placeholder {nmae}"),
    ({"prompt_templates": {"item": "{name:>9}"}}, "prompt_templates.item", "unknown placeholder"),
    ({"prompt_templates": {"item": "{name"}}, "prompt_templates.item", "without its partner"),
    ({"prompt_templates": {"item": "{{name}}"}}, "prompt_templates.item", "single braces"),
    ({"prompt_templates": {"item": " "}}, "prompt_templates.item", "must not be empty"),
    ({"prompt_templates": {"item": "x" * 2001}}, "prompt_templates.item", "at most 2000 characters, not 2001"),
    ({"prompt_templates": {"portrait": "x"}}, "prompt_templates.portrait", "unknown key"),
    ({"workers": {}}, "workers", "a list"),
    ({"workers": ["pc1"]}, "workers[0]", "an object"),
    ({"workers": [{**WORKER, "api_typ": "x"}]}, "workers[0].api_typ", 'did you mean "api_type"'),
    ({"workers": [{**WORKER, "api_type": "a1111"}]}, "workers[0].api_type", '"automatic1111"'),
    ({"workers": [{**WORKER, "max_concurrent": 0}]}, "workers[0].max_concurrent", "from 1 to 64, not 0"),
    ({"workers": [{**WORKER, "priority": 0}]}, "workers[0].priority", "from 1 to 1000, not 0"),
    ({"workers": [{**WORKER, "timeout_s": 0}]}, "workers[0].timeout_s", "from 1 to 7200"),
    ({"workers": [{**WORKER, "vram_gb": "24"}]}, "workers[0].vram_gb", "a number"),
    ({"workers": [{**WORKER, "models": {"a": 5}}]}, "workers[0].models.a", "text"),
    ({"workers": [{**WORKER, "models": ["a", "a"]}]}, "workers[0].models[1]", "twice"),
    ({"workers": [{**WORKER, "models": "a"}]}, "workers[0].models", "an object"),
    ({"workers": [{**WORKER, "job_kinds": ["llm_inference"]}]}, "workers[0].job_kinds[0]", "comfyui cannot do"),
    ({"workers": [{**WORKER, "job_kinds": ["images"]}]}, "workers[0].job_kinds[0]", "one of"),
    ({"workers": [{**WORKER, "auth": {}}]}, "workers[0].auth", "needs either"),
    ({"workers": [{**WORKER, "auth": {"user": "a", "bearer": "b"}}]}, "workers[0].auth", "needs either"),
    ({"workers": [{**WORKER, "auth": {"password": "b"}}]}, "workers[0].auth.user", "is missing"),
    ({"workers": [{**WORKER, "auth": {"user": "a:b", "password": "c"}}]}, "workers[0].auth.user", "colon"),
    ({"workers": [{"name": "a", "api_type": "painter", "api_url": "http://a"}]}, "workers[0].api_url", "built in"),
    ({"workers": [{"name": "a", "api_type": "openai"}]}, "workers[0].api_url", "is missing; a openai"),
    ({"workers": [{"api_type": "painter"}]}, "workers[0].name", "is missing"),
    ({"workers": [{**WORKER, "name": ""}]}, "workers[0].name", "must not be empty"),
]


@pytest.mark.parametrize(("section", "path", "words"), WRONG, ids=[f"{path}: {words}" for _, path, words in WRONG])
def test_a_fault_is_named_by_its_path_and_says_what_to_do(section: dict[str, Any], path: str, words: str) -> None:
    found = faults(section)
    full = SECTION + path if path.startswith("[") else f"{SECTION}.{path}"
    assert list(found) == [full]
    assert words in found[full]


@pytest.mark.parametrize(
    "url",
    [
        "192.168.1.100:8188",
        "ftp://a:1",
        "http://",
        "http://:8188",
        "http://host:99999",
        "http://host:0",
        "http://user:secret@host:8188",
        "http://ho st",
        "http://host/?x=1",
        "http://host/#x",
        "http://[::1",
        "http://host:port",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_showing_a_password(url: str) -> None:
    found = faults({"workers": [{**WORKER, "api_url": url}]})
    assert list(found) == [f"{SECTION}.workers[0].api_url"]
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    "url", ["http://[::1]:8188", "https://gpu.example/comfy/", "http://localhost:7860", "http://pc_1"]
)
def test_an_address_that_can_be_one_is_accepted_without_its_last_slash(url: str) -> None:
    workers = read(workers=[{**WORKER, "api_url": url}]).workers
    assert workers
    assert workers[0].api_url == url.rstrip("/")


def test_two_workers_of_one_name_are_named_both() -> None:
    twice = [WORKER, {**WORKER, "name": "pc2"}, {**WORKER, "name": "pc1 "}]
    found = faults({"workers": twice})
    assert list(found) == [f"{SECTION}.workers[2].name"]
    assert f'"pc1" is also the name at {SECTION}.workers[0].name' in found[f"{SECTION}.workers[2].name"]


def test_all_faults_are_reported_at_once() -> None:
    found = faults(
        {
            "mode": "x",
            "turn_images": {"steps": "40", "variants": 9},
            "workers": [{**WORKER, "api_url": "x"}, {"name": "pc1", "api_type": "y"}],
        }
    )
    assert [path.removeprefix(f"{SECTION}.") for path in found] == [
        "mode",
        "workers[0].api_url",
        "workers[1].api_type",
        "workers[1].name",
        "turn_images.steps",
        "turn_images.variants",
    ]


def test_a_list_of_faults_is_cut_for_people_but_complete_for_programs() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(json.dumps({SECTION: {f"zz{n}": 1 for n in range(80)}}), "luna.json")
    assert len(caught.value.problems) == 80
    assert "and 30 more" in str(caught.value)


def test_a_key_at_the_wrong_level_is_said_so() -> None:
    assert "put it inside" in faults('{"workers": []}')["workers"]
    assert "unknown key" in faults('{"images": {}, "image_generation": {}}')["images"]


def test_secrets_never_stand_in_the_text_of_a_worker() -> None:
    workers = read(workers=[{**WORKER, "auth": {"user": "luna", "password": "geheim"}}]).workers
    assert workers
    assert workers[0].auth == AuthConfig(user="luna", password="geheim")
    assert "geheim" not in repr(workers)
    assert "token" not in repr(read(workers=[{**WORKER, "auth": {"bearer": "token"}}]))


def test_models_may_be_mapped_or_listed_and_job_kinds_follow_the_api_type() -> None:
    workers = read(
        workers=[
            {**WORKER, "models": {"sdxl_base_1.0": "sd_xl_base_1.0.safetensors"}},
            {**WORKER, "name": "b", "models": ["flux"]},
            {**WORKER, "name": "c", "api_type": "openai", "job_kinds": ["turn_summarization"]},
            {"name": "d", "api_type": "painter"},
        ]
    ).workers
    assert workers
    assert workers[0].models == {"sdxl_base_1.0": "sd_xl_base_1.0.safetensors"}
    assert workers[1].models == {"flux": "flux"}
    assert [worker.job_kinds for worker in workers] == [
        ("image_generation",),
        ("image_generation",),
        ("turn_summarization",),
        ("image_generation",),
    ]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('{\n  "image_generation": {\n    "enabled": tru\n  }\n}', "line 3, column 16", ""),
        ('{\n  // a comment, "with quotes\n  "image_generation": {,}\n}', "line 3, column 24", ""),
        ('{"image_generation": {"enabled": true,}}', "line 1, column 39", "a comma before the closing bracket"),
        ("{'image_generation': {}}", "line 1, column 2", "double quotes"),
        ('{"image_generation": /* no */ {}}', "line 1, column 22", "only // comments"),
        ('{"image_generation": {}} {}', "line 1, column 26", ""),
        ("// nothing\n", "line 2, column 1", "the file is empty"),
        ('{"image_generation": {"mode": "x\n"}}', "line 1", ""),
        ('{"image_generation": {"mode": NaN}}', "", "NaN"),
        ('{"image_generation": {"enabled": true, "enabled": false}}', "", "image_generation.enabled is written twice"),
        ('{"image_generation": {"workers": [{"name": "a", "name": "b"}]}}', "", "workers[0].name is written twice"),
        ("[" * 100_000, "", "nested deeper"),
        ("[" * 40 + "]" * 40, "", "nested deeper"),
        ('{"image_generation": {"dreamer": {"asset_expiry_days": ' + "9" * 5000 + "}}}", "", "too many digits"),
        ("[" + " " * MAX_BYTES + "]", "", "larger than"),
        ("[]", "", "must be an object"),
        ('{"image_generation": []}', "", "must be an object"),
    ],
)
def test_broken_json_is_named_by_line_and_column(text: str, place: str, words: str) -> None:
    (message,) = [f"{path}: {message}" for path, message in faults(text).items()]
    assert place in message
    assert words in message


def test_comment_signs_inside_text_are_text() -> None:
    text = """{ // "image_generation": {"enabled": false}
      "image_generation": {
        "negative_prompt": "see http://example.org // not a comment \\" // nor this", // but this
        "workers": [{"name": "a//b", "api_type": "comfyui", "api_url": "http://a:1"}]
      } // the end
    } // really"""
    config = parse_configuration(text, "luna.json")
    assert config.enabled
    assert config.negative_prompt == 'see http://example.org // not a comment " // nor this'
    assert config.workers
    assert (config.workers[0].name, config.workers[0].api_url) == ("a//b", "http://a:1")


def test_a_file_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does(tmp_path: Path) -> None:
    path = tmp_path / "luna.json"
    path.write_bytes(b'\xef\xbb\xbf{"image_generation": // x\r\n{"mode": "on_demand"}}\r\n')
    assert load_configuration(path).mode == "on_demand"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{\n "image_generation": {"negative_prompt": "\xe4"}}', "line 2, column 43: not UTF-8"),
        (b" " * (MAX_BYTES + 1), "larger than"),
        (b"{", "line 1, column 2"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "luna.json"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "absent.json", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigurationError, match=words) as caught:
            load_configuration(path)
        assert "LUNA_CONFIG" in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_json_or_a_jsonc_error(text: str) -> None:
    with contextlib.suppress(JsoncError):
        parse_jsonc(text)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_keys = st.sampled_from([field.name for field in dataclasses.fields(ImageGenerationConfig)])


@settings(deadline=None)
@given(st.dictionaries(_keys, _values | st.dictionaries(st.sampled_from(["default_size", "steps"]), _values)))
def test_any_value_is_read_or_refused_by_path(section: dict[str, Any]) -> None:
    problems: list[Problem] = []
    try:
        configuration_from({SECTION: section})
    except ConfigurationError as error:
        problems = error.problems
    assert all(problem.path.startswith(SECTION) and problem.message for problem in problems)
