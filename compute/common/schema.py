"""Reads settings that people write into frozen dataclasses, and names every fault by its path.

A section is a dataclass whose fields carry a rule (`setting(rule, default)`). `read_section` takes the parsed
JSON and collects all problems before it raises, so that a person mends the file once and not key by key.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
MAX_SHOWN_PROBLEMS = 50
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
INVALID: Any = object()  # what a rule returns after it has noted a problem
REQUIRED: Any = object()


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One fault: `image_generation.workers[1].api_url`, and a sentence that says what to do."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigurationError(Exception):
    """Settings that cannot be used. `problems` holds all of them, in the order of the file's sections."""

    def __init__(self, problems: Iterable[Problem], source_name: str = "configuration"):
        self.problems = list(problems)
        self.source_name = source_name
        lines = [f"  {problem}" for problem in self.problems[:MAX_SHOWN_PROBLEMS]]
        if len(self.problems) > MAX_SHOWN_PROBLEMS:
            lines.append(f"  … and {len(self.problems) - MAX_SHOWN_PROBLEMS} more")
        super().__init__("\n".join([f"{source_name} cannot be used:", *lines]))


class Rule(Protocol):
    """How one value is read. `type_text` is what the documentation calls the type."""

    @property
    def type_text(self) -> str: ...

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        """The value as the dataclass holds it, or INVALID after a problem was noted."""
        ...


def shown(value: Any) -> str:
    """A value as a message names it: JSON, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def key_path(path: str, key: str) -> str:
    """`path.key`, or `path["odd key"]` where a dot would be misread."""
    part = key if _PLAIN_KEY.match(key) else f"[{shown(key)}]"
    return f"{path}.{part}" if path and not part.startswith("[") else path + part


def _refuse(problems: list[Problem], path: str, message: str) -> Any:
    problems.append(Problem(path, message))
    return INVALID


@dataclasses.dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    @property
    def type_text(self) -> str:
        return "true or false"

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        return (
            value if isinstance(value, bool) else _refuse(problems, path, f"must be true or false, not {shown(value)}")
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from low to high, both included."""

    low: int
    high: int

    @property
    def type_text(self) -> str:
        return f"whole number {self.low}–{self.high}"

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            return _refuse(problems, path, f"must be a whole number from {self.low} to {self.high}, not {shown(value)}")
        if not self.low <= value <= self.high:
            return _refuse(problems, path, f"must be from {self.low} to {self.high}, not {shown(value)}")
        return value


@dataclasses.dataclass(frozen=True, slots=True)
class Number:
    """A number from low to high, both included; a whole number will do."""

    low: float
    high: float

    @property
    def type_text(self) -> str:
        return f"number {self.low:g}–{self.high:g}"

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        wrong = isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
        if wrong:
            return _refuse(problems, path, f"must be a number from {self.low:g} to {self.high:g}, not {shown(value)}")
        if not self.low <= value <= self.high:
            return _refuse(problems, path, f"must be from {self.low:g} to {self.high:g}, not {shown(value)}")
        return float(value)


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """Text of least to most characters. `check` returns what is wrong with it, or None; `clean` makes it canonical."""

    most: int
    least: int = 1
    name: str = "text"
    check: Callable[[str], str | None] | None = None
    clean: Callable[[str], str] = str.strip
    allow_lines: bool = False

    @property
    def type_text(self) -> str:
        return self.name

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, str):
            return _refuse(problems, path, f"must be text in double quotes, not {shown(value)}")
        value = self.clean(value)
        if len(value) < self.least:
            return _refuse(problems, path, "must not be empty")
        if len(value) > self.most:
            return _refuse(problems, path, f"must have at most {self.most} characters, not {len(value)}")
        allowed = "\n\t" if self.allow_lines else ""
        if any((ord(char) < 32 and char not in allowed) or 0xD800 <= ord(char) < 0xE000 for char in value):
            return _refuse(problems, path, "must not contain control characters")
        wrong = self.check(value) if self.check else None
        return value if wrong is None else _refuse(problems, path, wrong)


@dataclasses.dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def type_text(self) -> str:
        return " or ".join(f"`{word}`" for word in self.words)

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        if isinstance(value, str) and value in self.words:
            return value
        names = ", ".join(f'"{word}"' for word in self.words)
        return _refuse(problems, path, f"must be one of {names}, not {shown(value)}{_hint(value, self.words)}")


@dataclasses.dataclass(frozen=True, slots=True)
class ListOf:
    """A list of at most `most` values of one rule, held as a tuple. `each` names an item in messages and pages."""

    rule: Rule
    most: int
    each: str
    unique: bool = True

    @property
    def type_text(self) -> str:
        return f"list of at most {self.most} {self.each}"

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, list):
            return _refuse(problems, path, f"must be a list [ … ] of {self.each}, not {shown(value)}")
        if len(value) > self.most:
            return _refuse(problems, path, f"must have at most {self.most} entries, not {len(value)}")
        items = [self.rule.read(item, f"{path}[{index}]", problems) for index, item in enumerate(value)]
        if any(item is INVALID for item in items):
            return INVALID
        for index, item in enumerate(items):
            if self.unique and item in items[:index]:
                return _refuse(problems, f"{path}[{index}]", f"{shown(item)} stands there twice; keep one of them")
        return tuple(items)


@dataclasses.dataclass(frozen=True, slots=True)
class MappingOf:
    """An object from text to text; a plain list of names maps each name to itself."""

    most: int
    longest: int

    @property
    def type_text(self) -> str:
        return "object of name to name, or list of names"

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        item = Text(self.longest)
        if isinstance(value, list):
            names = ListOf(item, self.most, "names").read(value, path, problems)
            return INVALID if names is INVALID else {name: name for name in names}
        if not isinstance(value, dict):
            return _refuse(problems, path, f"must be an object {{ … }} or a list [ … ] of names, not {shown(value)}")
        if len(value) > self.most:
            return _refuse(problems, path, f"must have at most {self.most} entries, not {len(value)}")
        pairs = {
            item.read(key, key_path(path, key), problems): item.read(name, key_path(path, key), problems)
            for key, name in value.items()
        }
        return INVALID if INVALID in pairs or any(name is INVALID for name in pairs.values()) else pairs


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """[width, height] in pixels, each a multiple of `step`: latent diffusion works on 8 × 8 pixel cells."""

    low_px: int = 64
    high_px: int = 2048
    step_px: int = 8

    @property
    def type_text(self) -> str:
        return f"[width, height], each {self.low_px}–{self.high_px} and a multiple of {self.step_px}"

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        whole = isinstance(value, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
        if not whole or len(value) != 2:
            return _refuse(problems, path, f"must be [width, height] in whole pixels, not {shown(value)}")
        sides = [self._side(n, f"{path}[{index}]", problems) for index, n in enumerate(value)]
        return INVALID if INVALID in sides else tuple(sides)

    def _side(self, side_px: int, path: str, problems: list[Problem]) -> Any:
        if not self.low_px <= side_px <= self.high_px:
            return _refuse(problems, path, f"must be from {self.low_px} to {self.high_px} pixels, not {shown(side_px)}")
        if side_px % self.step_px:
            below = side_px - side_px % self.step_px
            choice = f"{below} or {below + self.step_px}"
            return _refuse(problems, path, f"must be a multiple of {self.step_px}, not {side_px}; take {choice}")
        return side_px


@dataclasses.dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be left out or null."""

    rule: Rule

    @property
    def type_text(self) -> str:
        return self.rule.type_text

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        return None if value is None else self.rule.read(value, path, problems)


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """An object whose keys are the fields of a dataclass."""

    cls: type[Any]

    @property
    def type_text(self) -> str:
        return "section"

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, dict):
            return _refuse(problems, path, f"must be an object {{ … }}, not {shown(value)}")
        before = len(problems)
        rules = section_rules(self.cls)
        for key in value:
            if key not in rules:
                known = _hint(key, rules) or f"; known here: {', '.join(rules)}"
                problems.append(Problem(key_path(path, key), f"unknown key{known}"))
        given = {}
        for name, (rule, default) in rules.items():
            if name in value:
                given[name] = rule.read(value[name], key_path(path, name), problems)
            elif default is REQUIRED:
                problems.append(Problem(key_path(path, name), "is missing; every entry needs it"))
        if len(problems) > before:
            return INVALID
        section = self.cls(**given)
        check: Callable[[str], Iterable[Problem]] | None = getattr(section, "config_problems", None)
        if check:
            problems.extend(check(path))
        return section if len(problems) == before else INVALID


def setting(rule: Rule, default: Any = REQUIRED) -> Any:
    """A dataclass field that is read by `rule`; without a default the key must be given."""
    metadata = {"rule": rule}
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, dict):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def section_rules(cls: type[Any]) -> dict[str, tuple[Rule, Any]]:
    """The rule and the default of each key of a section; the default is REQUIRED where there is none."""
    rules: dict[str, tuple[Rule, Any]] = {}
    for field in dataclasses.fields(cls):
        default: Any = REQUIRED
        if field.default is not dataclasses.MISSING:
            default = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        rules[field.name] = (field.metadata["rule"], default)
    return rules


def read_section(cls: type[T], value: Any, path: str, source_name: str = "configuration") -> T:
    """Read one section and everything in it. Raises ConfigurationError with all problems found."""
    problems: list[Problem] = []
    section: T = Section(cls).read(value, path, problems)
    if problems:
        raise ConfigurationError(problems, source_name)
    return section


def describe_section(cls: type[Any], path: str) -> Iterator[tuple[str, str, Any]]:
    """(path, type in words, default) of every key below `path`, for documentation; REQUIRED marks a needed key."""
    for name, (rule, default) in section_rules(cls).items():
        here = f"{path}.{name}"
        if isinstance(rule, Section):
            yield from describe_section(rule.cls, here)
            continue
        yield here, rule.type_text, default
        inner = rule.rule if isinstance(rule, Optional) else rule
        if isinstance(inner, ListOf) and isinstance(inner.rule, Section):
            yield from describe_section(inner.rule.cls, f"{here}[]")
        elif isinstance(inner, Section):
            yield from describe_section(inner.cls, here)


def _hint(word: Any, known: Iterable[str] | Mapping[str, Any]) -> str:
    if not isinstance(word, str):
        return ""
    folded = {name.lower().replace("_", ""): name for name in known}
    plain = re.sub(r"[_\-\s]", "", word.lower())[:80]
    close = difflib.get_close_matches(plain, folded, n=1, cutoff=0.6)
    if not close and len(plain) >= 4:  # "pool_size" for "speculative_pool_size"
        close = [name for name in folded if plain in name or name in plain]
    return f'; did you mean "{folded[close[0]]}"?' if close else ""
