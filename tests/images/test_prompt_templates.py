"""Prompts from templates: an empty placeholder takes its comma along."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.config import ImageGenerationConfig
from images.prompt_templates import (
    MAX_CHARACTERS,
    PLACEHOLDERS,
    TemplateError,
    render_template,
    template_problem,
    template_version,
)


@pytest.mark.parametrize(
    ("template", "values", "prompt"),
    [
        ("{location}, {weather}, 8k", {"location": "a hall", "weather": ""}, "a hall, 8k"),
        ("{location}, {weather}, 8k", {"location": "a hall", "weather": "  \n"}, "a hall, 8k"),
        ("{location}, {weather}, 8k", {"location": None, "weather": "rain"}, "rain, 8k"),
        ("8k, {location}, {weather}", {}, "8k"),
        ("{location}, {weather}", {}, ""),
        ("wide shot of {location}, 8k", {}, "wide shot, 8k"),
        ("wide shot of {location}", {"location": "Rome"}, "wide shot of Rome"),
        ("{name} {outfit} at night", {"name": "Ada"}, "Ada at night"),
        ("{name}", {"name": "  the\n\told   oak, "}, "the old oak"),
        ("{name}, {description}", {"name": "{description}", "description": "{name} {x}"}, "{description}, {name} {x}"),
        ("{name}", {"name": r"\g<0> \1 %s $x"}, r"\g<0> \1 %s $x"),
        ("a , ,b,\n c ,", {}, "a, b, c"),
        ("{name}", {"name": "a\0b\x1b[31m"}, "a b [31m"),
    ],
)
def test_an_empty_placeholder_takes_its_comma_along(template: str, values: Any, prompt: str) -> None:
    assert render_template(template, values) == prompt


def test_a_template_with_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(TemplateError, match="unknown placeholder"):
        render_template("{nmae}", {})


def test_a_prompt_that_is_too_long_loses_words_of_its_longest_value() -> None:
    template = ImageGenerationConfig().template("character")
    values = {
        "character_name": "Ada",
        "physical_description": "tall " * 2000,
        "outfit": "a red coat " * 100,
        "expression": "calm",
    }
    prompt = render_template(template, values)
    assert MAX_CHARACTERS - 20 <= len(prompt) <= MAX_CHARACTERS
    assert prompt.startswith("portrait of Ada, tall tall")
    assert prompt.endswith("calm, professional character art, detailed face, 8k")
    assert "tal," not in prompt


_value = st.text(st.characters(exclude_characters=","), max_size=30)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([f"{{{name}}}" for name in PLACEHOLDERS] + ["8k", "shot of {location}"]), min_size=1),
    st.dictionaries(st.sampled_from(PLACEHOLDERS), _value | st.none() | st.just("x" * 3000)),
)
def test_no_prompt_has_an_empty_phrase_double_space_or_too_many_characters(phrases: list[str], values: Any) -> None:
    template = ",".join(phrases)[:MAX_CHARACTERS]
    if template_problem(template):
        return
    prompt = render_template(template, values)
    assert len(prompt) <= MAX_CHARACTERS
    assert prompt == prompt.strip(" ,")
    assert not re.search(r",\s*,|\s\s|\s,|[\x00-\x1f]", prompt)


def test_the_version_of_a_template_changes_with_its_words_only() -> None:
    first = template_version("{location}, 8k")
    assert re.fullmatch(r"[0-9a-f]{12}", first)
    assert template_version("{location},\n  8k ") == first
    assert template_version("{location}, 4k") != first
