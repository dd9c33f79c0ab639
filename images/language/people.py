"""Guessing a person's pronoun from what is said of them."""

from __future__ import annotations

import re

_SHE = re.compile(
    r"\b(she|her|woman|girl|lady|queen|princess|mother|sister|daughter|witch|widow|female|priestess|sorceress|duchess|"
    r"countess|baroness|aunt|wife|bride|nun|waitress|actress|heiress)\b"
)
_HE = re.compile(
    r"\b(he|his|him|man|boy|lord|king|prince|father|brother|son|male|priest|wizard|duke|count|baron|uncle|husband|monk|"
    r"gentleman|fisherman|ferryman|bearded|beard)\b"
)


def pronoun_of(told: str) -> str:
    """ "she", "he", or "they" when the text does not say or says both as often."""
    she, he = len(_SHE.findall(told.lower())), len(_HE.findall(told.lower()))
    return "they" if she == he else "she" if she > he else "he"
