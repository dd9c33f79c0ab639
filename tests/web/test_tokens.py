"""The colours of static/css/luna.css, held to the contrast that design/look.md asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
LEAST = 4.5
GROUNDS = ("ink", "card", "raised")
WORDS = ("paper", "quiet", "ember", "moss", "wine", "dusk")
THEMES = {"light": 0, "dark": 1}
# What the head of the play page guarantees behind its words, whatever the picture is.
VEIL = 0.66


def tokens(theme: str) -> dict[str, str]:
    text = (CSS / "luna.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: colours[THEMES[theme]] for name, *colours in pairs}


def channels(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def luminance(rgb: tuple[float, ...]) -> float:
    """WCAG 2.2, relative luminance of sRGB."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_right():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast(channels("#777777"), channels("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_words_stand_out_from_every_ground(theme, word, ground):
    colours = tokens(theme)
    assert contrast(channels(colours[word]), channels(colours[ground])) >= LEAST


@pytest.mark.parametrize("theme", THEMES)
def test_the_words_on_a_button_stand_out(theme):
    colours = tokens(theme)
    assert contrast(channels(colours["on-ember"]), channels(colours["ember"])) >= LEAST


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_edge_of_a_field_can_be_seen(theme, ground):
    """WCAG 1.4.11 asks 3 : 1 for what shows where a control is."""
    colours = tokens(theme)
    assert contrast(channels(colours["edge"]), channels(colours[ground])) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("picture", [(0, 0, 0), (255, 255, 255), (224, 136, 74)])
def test_words_over_a_picture_stand_out_whatever_it_shows(theme, picture):
    colours = tokens(theme)
    veiled = tuple(
        VEIL * ink + (1 - VEIL) * behind for ink, behind in zip(channels(colours["ink"]), picture, strict=True)
    )
    assert contrast(channels(colours["paper"]), veiled) >= LEAST


def test_the_head_of_the_play_page_is_veiled_as_much_as_that():
    veils = [int(text) for text in re.findall(r"var\(--ink\) (\d+)%, transparent\)", (CSS / "play.css").read_text())]
    assert veils
    assert min(veils) >= VEIL * 100


def test_no_style_names_a_colour_that_has_a_token():
    named = set(tokens("dark").values()) | set(tokens("light").values())
    for path in CSS.glob("*.css"):
        if path.name == "luna.css":
            continue
        used = set(re.findall(r"#[0-9a-f]{6}\b", path.read_text()))
        # The full-size view and tiles are dark in both themes, so they name their paper.
        assert used & named <= {"#ece4d6"}, path.name
