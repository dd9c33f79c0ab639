"""The configuration file: what is left out keeps its default, and its pages say what the code does."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from compute.common.jsonc import parse_jsonc
from compute.common.schema import REQUIRED, ConfigurationError, describe_section
from compute.config import WorkerConfig
from images.config import ROOT as SECTION
from images.config import ImageGenerationConfig, configuration_from, load_configuration, parse_configuration
from images.prompt_templates import (
    PLACEHOLDERS,
    template_problem,
)

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
WORKER = {"name": "pc1", "api_type": "comfyui", "api_url": "http://192.168.1.100:8188"}


def read(**section: Any) -> ImageGenerationConfig:
    return parse_configuration(json.dumps({SECTION: section}), "luna.json")


def test_no_file_gives_the_documents_defaults() -> None:
    config = load_configuration(None)
    assert (config.enabled, config.mode, config.workers) == (True, "dreamer_driven", None)
    assert config.dreamer.speculative_pool_size == 100
    assert config.dreamer.asset_expiry_days == 30
    assert config.dreamer.confidence_threshold == 0.6
    assert config.background_images.cache_duration_turns == 50
    assert config.character_portraits.change_keywords[-1] == "lost"
    assert len(config.character_portraits.change_keywords) == 10
    assert (config.storage.organize_by, config.storage.format, config.storage.quality) == ("story_and_type", "png", 95)


@pytest.mark.parametrize(
    ("image_type", "size", "steps", "cfg"),
    [
        ("background", (1024, 768), 30, 7.5),
        ("action", (1024, 1024), 40, 8.0),
        ("character", (768, 1024), 35, 7.0),
        ("item", (768, 768), 30, 7.0),
        ("scene", (1024, 1024), 35, 7.5),
        ("plot_twist", (1024, 1024), 35, 7.5),
        ("quest", (1024, 1024), 35, 7.5),
    ],
)
def test_each_image_type_has_its_settings_and_template(image_type: str, size: Any, steps: int, cfg: float) -> None:
    config = ImageGenerationConfig()
    section = config.pictures(image_type)
    assert (section.default_size, section.steps, section.cfg_scale) == (size, steps, cfg)
    assert (section.width_px, section.height_px) == size
    assert (section.model, section.sampler) == ("sdxl_base_1.0", "DPM++ 2M Karras")
    assert template_problem(config.template(image_type)) is None


def test_an_unknown_image_type_is_a_key_error() -> None:
    for method in (ImageGenerationConfig().pictures, ImageGenerationConfig().template):
        with pytest.raises(KeyError):
            method("poster")


def test_the_example_file_is_the_defaults_written_out() -> None:
    assert load_configuration(DOCS / "luna.example.json") == ImageGenerationConfig()
    given_keys = parse_jsonc((DOCS / "luna.example.json").read_text(encoding="utf-8"))[SECTION]
    for path, _, _ in describe_section(ImageGenerationConfig, SECTION):
        if "workers" in path:
            continue
        value = given_keys
        for key in path.split(".")[1:]:
            value = value[key]


def test_the_example_files_workers_can_be_used_once_uncommented() -> None:
    text = (DOCS / "luna.example.json").read_text(encoding="utf-8")
    begin, end = text.index('    // "workers": ['), text.index("    // ],")
    block = re.sub(r"^    // ", "    ", text[begin:end] + "    // ],", flags=re.MULTILINE)
    config = parse_configuration(text[:begin] + block + text[end + len("    // ],") :], "luna.json")
    assert [worker.name for worker in config.workers or ()] == ["pc1-comfyui", "pc2-automatic1111"]


def test_the_documents_own_file_is_read() -> None:
    config = parse_configuration(
        """{"image_generation": {
            "mode": "dreamer_driven", // Dreamer manages all image generation
            "workers": [
              {"name": "pc1-comfyui", "api_type": "comfyui", "api_url": "http://192.168.1.100:8188",
               "max_concurrent": 2, "priority": 1},
              {"name": "pc2-automatic1111", "api_type": "automatic1111", "api_url": "http://192.168.1.101:7860/",
               "max_concurrent": 1, "priority": 2}
            ],
            "storage": {"organize_by": "turn"} // 'story_and_type', 'turn', 'date'
        }}""",
        "luna.json",
    )
    assert config.workers == (
        WorkerConfig(
            name="pc1-comfyui", api_type="comfyui", api_url="http://192.168.1.100:8188", max_concurrent=2, priority=1
        ),
        WorkerConfig(
            name="pc2-automatic1111", api_type="automatic1111", api_url="http://192.168.1.101:7860", priority=2
        ),
    )
    assert config.storage == dataclasses.replace(ImageGenerationConfig().storage, organize_by="turn")


def test_no_workers_and_an_empty_list_of_workers_are_not_the_same() -> None:
    assert read().workers is None
    assert read(workers=None).workers is None
    assert read(workers=[]).workers == ()


def test_a_mapping_is_read_like_a_file() -> None:
    assert configuration_from({SECTION: {"turn_images": {"variants": 3}}}).turn_images.variants == 3
    with pytest.raises(ConfigurationError):
        configuration_from([])


def test_a_relative_folder_lies_under_the_data_folder_without_its_leading_data(tmp_path: Path) -> None:
    assert ImageGenerationConfig().storage.folder(tmp_path) == tmp_path / "generated_images"
    assert read(storage={"base_path": "pictures/data"}).storage.folder(tmp_path) == tmp_path / "pictures" / "data"
    assert read(storage={"base_path": "/srv/pictures"}).storage.folder(tmp_path) == Path("/srv/pictures")


def test_the_page_describes_every_key_with_its_type_and_default() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    missing = []
    for path, kind, default in describe_section(ImageGenerationConfig, SECTION):
        shown = "needed" if default is REQUIRED else f"`{json.dumps(default, ensure_ascii=False)}`"
        row = f"| `{path}` | {kind} | {'none' if default is None else shown} | "
        if row not in page:
            missing.append(row)
    assert missing == []


def test_the_page_shows_faults_as_they_are_really_reported() -> None:
    wrong = {
        "turn_images": {"default_size": [1002, 1024]},
        "workers": [WORKER, {**WORKER, "name": "pc2", "api_url": "192.168.1.101:7860"}],
        "dreamer": {"pool_size": 50},
    }
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(json.dumps({SECTION: wrong}), "/srv/luna.json")
    assert f"```\n{caught.value}\n```" in (DOCS / "configuration.md").read_text(encoding="utf-8")


def test_the_page_describes_no_key_that_is_gone() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    known = {path for path, _, _ in describe_section(ImageGenerationConfig, SECTION)}
    assert set(re.findall(rf"^\| `({SECTION}\.[^`]+)`", page, re.MULTILINE)) == known
    assert all(f"`{{{name}}}`" in page for name in PLACEHOLDERS)


def test_the_page_describes_every_environment_variable_the_code_reads() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    name = re.compile(r"""["'](LUNA_[A-Z_]+|PORT|HOST|DATABASE_URL|REDIS_URL|EMAIL_URL)["']""")
    used: dict[str, str] = {}
    for folder in ("luna_site", "compute", "community", "images"):
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            for found in name.findall(path.read_text(encoding="utf-8")):
                used.setdefault(found, str(path.relative_to(REPOSITORY)))
    assert {found: path for found, path in used.items() if found not in described} == {}
    assert {"PORT", "HOST", "LUNA_DATA", "LUNA_CONFIG"} <= described
