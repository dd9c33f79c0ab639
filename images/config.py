"""`image_generation` of the configuration file, with the customer document's defaults.

Field names are the file's keys. Sizes are (width, height) in pixels. Reading is strict: a wrong key, type or value
raises ConfigurationError, which names every fault by its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compute.common.jsonc import JsoncError, parse_jsonc, read_jsonc
from compute.common.schema import (
    ConfigurationError,
    Flag,
    ListOf,
    Number,
    OneOf,
    Optional,
    Problem,
    Section,
    Size,
    Text,
    Whole,
    read_section,
    setting,
)
from compute.config import WORKERS, WorkerConfig
from images.prompt_templates import MAX_CHARACTERS, template_problem

ROOT = "image_generation"
DEFAULT_MODEL = "sdxl_base_1.0"
DEFAULT_SAMPLER = "DPM++ 2M Karras"
DEFAULT_NEGATIVE_PROMPT = "blurry, low quality, distorted, deformed, ugly, bad anatomy, watermark, signature, text"
CHANGE_KEYWORDS = (
    "changed outfit",
    "wearing",
    "dressed in",
    "transformed into",
    "turned into",
    "appearance changed",
    "looks different",
    "now has",
    "gained",
    "lost",
)

_SIZE = Size()
_MODEL = Text(300, name="model name, or `auto`")
_SAMPLER = Text(100, least=0, name='sampler as AUTOMATIC1111 spells it, or `""`')
_STEPS = Whole(1, 150)
_CFG = Number(0, 30)
_TEMPLATE = Text(MAX_CHARACTERS, name="template", check=template_problem, allow_lines=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DreamerConfig:
    """What the Dreamer invents ahead of the story."""

    enabled: bool = setting(Flag(), True)
    continuous_generation: bool = setting(Flag(), True)
    speculative_pool_size: int = setting(Whole(0, 10_000), 100)
    asset_expiry_days: int = setting(Whole(1, 3650), 30)
    variants_per_concept: int = setting(Whole(1, 4), 1)
    confidence_threshold: float = setting(Number(0, 1), 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureConfig:
    """How pictures of one kind are made. model "auto" takes what is loaded; sampler "" the server's default."""

    enabled: bool = setting(Flag(), True)
    default_size: tuple[int, int] = setting(_SIZE, (1024, 1024))
    model: str = setting(_MODEL, DEFAULT_MODEL)
    steps: int = setting(_STEPS, 30)
    cfg_scale: float = setting(_CFG, 7.5)
    sampler: str = setting(_SAMPLER, DEFAULT_SAMPLER)

    @property
    def width_px(self) -> int:
        return self.default_size[0]

    @property
    def height_px(self) -> int:
        return self.default_size[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundConfig(PictureConfig):
    """The place. vary_by names what makes another picture of the same place: time_of_day, weather."""

    generate_on_location_change: bool = setting(Flag(), True)
    cache_duration_turns: int = setting(Whole(0, 100_000), 50)
    default_size: tuple[int, int] = setting(_SIZE, (1024, 768))
    vary_by: tuple[str, ...] = setting(ListOf(OneOf(("time_of_day", "weather")), 2, "`time_of_day`, `weather`"), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnConfig(PictureConfig):
    """The moment, every n-th turn, in 1–4 variants."""

    generate_every_n_turns: int = setting(Whole(1, 1000), 1)
    variants: int = setting(Whole(1, 4), 1)
    steps: int = setting(_STEPS, 40)
    cfg_scale: float = setting(_CFG, 8.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitConfig(PictureConfig):
    """A character, when it first appears and when its looks change."""

    generate_on_first_appearance: bool = setting(Flag(), True)
    regenerate_on_change: bool = setting(Flag(), True)
    change_keywords: tuple[str, ...] = setting(ListOf(Text(100), 200, "phrases"), CHANGE_KEYWORDS)
    default_size: tuple[int, int] = setting(_SIZE, (768, 1024))
    steps: int = setting(_STEPS, 35)
    cfg_scale: float = setting(_CFG, 7.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemConfig(PictureConfig):
    """A thing."""

    default_size: tuple[int, int] = setting(_SIZE, (768, 768))
    cfg_scale: float = setting(_CFG, 7.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneConfig(PictureConfig):
    """A dreamed scene; plot twists and quests are painted the same way."""

    steps: int = setting(_STEPS, 35)


def _base_path_problem(text: str) -> str | None:
    if ".." in text.replace("\\", "/").split("/"):
        return 'must not contain ".."; write the folder itself'
    if text.startswith("~"):
        return 'must not begin with "~"; write the folder in full'
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """Where and how picture files are kept. quality counts for jpeg and webp."""

    base_path: str = setting(Text(500, name="folder", check=_base_path_problem), "data/generated_images")
    organize_by: str = setting(OneOf(("story_and_type", "turn", "date")), "story_and_type")
    format: str = setting(OneOf(("png", "jpeg", "webp")), "png")
    quality: int = setting(Whole(1, 100), 95)

    def folder(self, data_dir: Path) -> Path:
        """The absolute folder: a relative base_path lies under `data_dir`, without a leading `data/`."""
        path = Path(self.base_path)
        if path.is_absolute():
            return path
        parts = path.parts[1:] if path.parts[:1] == ("data",) else path.parts
        return data_dir.joinpath(*parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesConfig:
    """Prompt templates by image type; see images.prompt_templates."""

    background: str = setting(
        _TEMPLATE,
        "cinematic wide shot of {location}, {description}, {time_of_day}, {weather}, "
        "professional photography, highly detailed, 8k",
    )
    action: str = setting(
        _TEMPLATE,
        "{action_description}, {characters_present}, {location}, "
        "cinematic composition, dramatic lighting, high quality",
    )
    character: str = setting(
        _TEMPLATE,
        "portrait of {character_name}, {physical_description}, {outfit}, {expression}, "
        "professional character art, detailed face, 8k",
    )
    item: str = setting(
        _TEMPLATE,
        "{name}, {description}, single object, centered, studio lighting, dark plain background, "
        "intricate details, professional concept art, 8k",
    )
    scene: str = setting(
        _TEMPLATE,
        "{description}, {characters_present}, {location}, {time_of_day}, {weather}, "
        "cinematic composition, atmospheric lighting, highly detailed, professional art",
    )
    plot_twist: str = setting(
        _TEMPLATE,
        "{description}, {characters_present}, {location}, decisive moment, strong light and shadow, "
        "cinematic composition, highly detailed, professional art",
    )
    quest: str = setting(
        _TEMPLATE,
        "{name}, {description}, {location}, a long road ahead, epic composition, golden light, "
        "highly detailed, professional art",
    )


_SECTION_OF = {
    "background": "background_images",
    "action": "turn_images",
    "character": "character_portraits",
    "item": "item_images",
    "scene": "scene_images",
    "plot_twist": "scene_images",
    "quest": "scene_images",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageGenerationConfig:
    """The whole file. workers is None when left out (then the painter works) and () for no worker at all."""

    enabled: bool = setting(Flag(), True)
    mode: str = setting(OneOf(("dreamer_driven", "on_demand")), "dreamer_driven")
    dreamer: DreamerConfig = setting(Section(DreamerConfig), DreamerConfig())
    workers: tuple[WorkerConfig, ...] | None = setting(Optional(WORKERS), None)
    background_images: BackgroundConfig = setting(Section(BackgroundConfig), BackgroundConfig())
    turn_images: TurnConfig = setting(Section(TurnConfig), TurnConfig())
    character_portraits: PortraitConfig = setting(Section(PortraitConfig), PortraitConfig())
    item_images: ItemConfig = setting(Section(ItemConfig), ItemConfig())
    scene_images: SceneConfig = setting(Section(SceneConfig), SceneConfig())
    storage: StorageConfig = setting(Section(StorageConfig), StorageConfig())
    prompt_templates: TemplatesConfig = setting(Section(TemplatesConfig), TemplatesConfig())
    negative_prompt: str = setting(Text(2000, least=0, allow_lines=True), DEFAULT_NEGATIVE_PROMPT)

    def pictures(self, image_type: str) -> PictureConfig:
        """The section that rules pictures of one image_type. Raises KeyError for an unknown type."""
        section: PictureConfig = getattr(self, _SECTION_OF[image_type])
        return section

    def template(self, image_type: str) -> str:
        """The prompt template of one image_type. Raises KeyError for an unknown type."""
        if image_type not in _SECTION_OF:
            raise KeyError(image_type)
        template: str = getattr(self.prompt_templates, image_type)
        return template


def load_configuration(path: Path | None) -> ImageGenerationConfig:
    """Read the configuration file; None gives the defaults. Raises ConfigurationError."""
    if path is None:
        return ImageGenerationConfig()
    try:
        value = read_jsonc(path)
    except JsoncError as error:
        raise ConfigurationError([Problem("", str(error))], str(path)) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"the file cannot be read ({reason}); LUNA_CONFIG must name a readable file"
        raise ConfigurationError([Problem("", message)], str(path)) from None
    return configuration_from(value, str(path))


def parse_configuration(text: str, source_name: str) -> ImageGenerationConfig:
    """Read the text of a configuration file. Raises ConfigurationError."""
    try:
        value = parse_jsonc(text)
    except JsoncError as error:
        raise ConfigurationError([Problem("", str(error))], source_name) from None
    return configuration_from(value, source_name)


def configuration_from(value: Any, source_name: str = "settings") -> ImageGenerationConfig:
    """Read what JSON gave: `{"image_generation": {…}}`. Raises ConfigurationError."""
    if not isinstance(value, Mapping):
        raise ConfigurationError([Problem("", f'must be an object: {{"{ROOT}": {{ … }}}}')], source_name)
    strange = list(_strange_keys(value))
    section = value.get(ROOT, {})
    try:
        configuration = read_section(ImageGenerationConfig, section, ROOT, source_name)
    except ConfigurationError as error:
        raise ConfigurationError(strange + error.problems, source_name) from None
    if strange:
        raise ConfigurationError(strange, source_name)
    return configuration


def _strange_keys(value: Mapping[str, Any]) -> Iterable[Problem]:
    inner = ImageGenerationConfig.__dataclass_fields__
    for key in value:
        if key in inner:
            yield Problem(str(key), f'stands at the wrong place; put it inside "{ROOT}": {{ … }}')
        elif key != ROOT:
            yield Problem(str(key)[:100], f'unknown key; the file has one key, "{ROOT}"')
