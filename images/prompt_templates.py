"""Prompts from templates such as "portrait of {character_name}, {outfit}, 8k" (contract, "Configuration file").

A template is a list of phrases between commas with placeholders in it. An empty placeholder takes its comma along.
Values are inserted as they are: a brace inside a value is text, never a placeholder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

PLACEHOLDERS = (
    "location",
    "description",
    "time_of_day",
    "weather",
    "action_description",
    "characters_present",
    "character_name",
    "physical_description",
    "outfit",
    "expression",
    "name",
)
MAX_CHARACTERS = 2000
RENDERER_VERSION = 1  # raise it when the same template and values give another prompt than before

_TOKEN = re.compile(r"\{[^{},]*\}|[{}]")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
# "wide shot of {location}" with no location leaves "wide shot", not "wide shot of".
_LINKING_WORD = re.compile(r"(?:^|\s)(?:of|in|at|on|by|with|from|for|near|and|as|wearing)\s*$", re.IGNORECASE)


class TemplateError(ValueError):
    """A template that cannot be used; the text says why and what to write instead."""


def template_problem(template: str) -> str | None:
    """What is wrong with a template, as a sentence, or None."""
    if not template.strip():
        return "must not be empty"
    if len(template) > MAX_CHARACTERS:
        return f"must have at most {MAX_CHARACTERS} characters, not {len(template)}"
    if "{{" in template or "}}" in template:
        return "has doubled braces; write placeholders with single braces, like {name}"
    for token in _TOKEN.findall(_PLACEHOLDER.sub(" ", template)):
        known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        if len(token) == 1:
            return f"has a {token} without its partner; braces only stand around placeholders: {known}"
        return f"unknown placeholder {token[:60]}; known are {known}"
    return None


def render_template(template: str, values: Mapping[str, str | None]) -> str:
    """The prompt: at most MAX_CHARACTERS characters, one line, no empty phrase between commas.

    A value that is missing, None or blank counts as empty. When the prompt would be too long, the longest values
    are shortened at a word, so that the short ones and the template's own words stay. Raises TemplateError.
    """
    if wrong := template_problem(template):
        raise TemplateError(wrong)
    clean = {name: _tidy(values.get(name)) for name in PLACEHOLDERS}
    prompt = _render(template, clean.__getitem__)
    if len(prompt) <= MAX_CHARACTERS:
        return prompt

    def render_capped(cap: int) -> str:
        return _render(template, lambda name: shorten(clean[name], cap))

    low, high = 0, MAX_CHARACTERS  # the longest cap on a value that makes the prompt fit
    while low < high:
        cap = (low + high + 1) // 2
        low, high = (cap, high) if len(render_capped(cap)) <= MAX_CHARACTERS else (low, cap - 1)
    return shorten(render_capped(low), MAX_CHARACTERS)


def template_version(template: str) -> str:
    """12 hex digits that change when prompts from this template may change; part of a picture's cache key."""
    text = f"{RENDERER_VERSION}:{_BLANK.sub(' ', template).strip()}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def shorten(text: str, most: int) -> str:
    """At most `most` characters, cut at a space where there is one in the second half."""
    if len(text) <= most:
        return text
    cut = text[:most]
    space = -1 if text[most] == " " else cut.rfind(" ")
    if space >= most // 2:
        cut = cut[:space]
    return cut.rstrip(" ,")


def _tidy(value: str | None) -> str:
    # Four times the limit is more than can be shown; it bounds the work on a huge value.
    return _BLANK.sub(" ", (value or "")[: 4 * MAX_CHARACTERS]).strip(" ,")


def _render(template: str, value_of: Callable[[str], str]) -> str:
    phrases = (_render_phrase(phrase, value_of) for phrase in template.split(","))
    return ", ".join(phrase for phrase in phrases if phrase)


def _render_phrase(phrase: str, value_of: Callable[[str], str]) -> str:
    """One phrase; "" if it consists of nothing but empty placeholders."""
    parts = _PLACEHOLDER.split(phrase)  # text, name, text, name, …, text
    written = parts[0]
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        value = value_of(name)
        if not value:
            written = _LINKING_WORD.sub("", written)
        written += value + text
    return _BLANK.sub(" ", written).strip()
