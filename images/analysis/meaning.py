"""Whether two descriptions of somebody's looks say the same."""

from __future__ import annotations

import re

from images.analysis.looks_words import COLOURS, PARTS, SLOT_OF
from images.language.words import clean, word_set, words

_IDLE = word_set(
    "a an the and or of in on at with his her their its is are was has have having wears wearing wear dressed "
    "clad he she "
    "they who that this very quite rather really somewhat some also still now just as to from over under it be "
    "been looks "
    "looking look appears seems simple plain usual same typically usually always often person character beautiful nice "
    "pair pairs kind sort worn around about by for"
)
_SAME = {
    "grey": "gray", "crimson": "red", "scarlet": "red", "ruby": "red", "blonde": "blond", "golden": "blond",
    "fair": "blond", "azure": "blue", "ebony": "black", "jet": "black", "emerald": "green",
    "spectacles": "glasses", "gown": "dress", "overcoat": "coat", "cape": "cloak", "mantle": "cloak",
    "pants": "trousers", "breeches": "trousers", "armour": "armor", "clothing": "clothes", "attire": "clothes",
    "garb": "clothes", "garments": "clothes", "robes": "robe", "huge": "big", "large": "big", "slender": "thin",
    "slim": "thin", "lean": "thin", "elderly": "old", "aged": "old", "youthful": "young", "moustache": "mustache",
    "lady": "woman", "fellow": "man", "gentleman": "man", "weathered": "worn-face", "tattered": "torn",
    "ripped": "torn", "ragged": "torn", "worn-out": "torn", "leathern": "leather", "woolen": "wool",
    "woollen": "wool", "silken": "silk", "wooden": "wood", "lengthy": "long", "coloured": "colored",
    "jersey": "sweater", "jumper": "sweater", "pullover": "sweater", "cap": "hat",
}  # fmt: skip


def differs_in_meaning(old: str, new: str) -> bool:
    """Whether a stated outfit, description or list of features differs in meaning from the last one.

    Order, case, punctuation, articles and close synonyms do not count, nor does saying less, unless it is a garment
    that is no longer there. A colour that moved to another thing counts. Nothing stated is no difference.
    """
    if not clean(new, 2000):
        return False
    if not clean(old, 2000):
        return True
    before, after = _tokens(old), _tokens(new)
    if after - before:
        return True
    if any(word in SLOT_OF or _plural(word) in SLOT_OF for word in before - after):
        return True
    return bool(_bound(new) - _bound(old) and _bound(old) - _bound(new))


def _tokens(text: str) -> frozenset[str]:
    found = (_stem(word) for word in words(clean(text, 2000).lower().replace("'s", "")))
    return frozenset(word for word in found if word and word not in _IDLE)


def _bound(text: str) -> frozenset[tuple[str, str]]:
    """Which colour goes with which thing: "red coat, black hat" → (red, coat), (black, hat)."""
    pairs = set()
    text = re.sub(r"\b(\w+) of (\w+(?: \w+)?)", r"\2 \1", clean(text, 2000).lower())
    for part in re.split(r"[,;.]|\band\b|\bwith\b|\bover\b", text):
        found = [_stem(word) for word in words(part)]
        heads = [
            word
            for word in found
            if word in SLOT_OF or _plural(word) in SLOT_OF or word in PARTS or _plural(word) in PARTS
        ]
        pairs |= {(word, heads[-1]) for word in found if heads and word in COLOURS | {"gray", "blond"}}
    return frozenset(pairs)


def _stem(word: str) -> str:
    """The word as compared: synonyms folded, plural and -ed/-ing endings off."""
    word = _SAME.get(word, word)
    for ending in ("ies", "ing", "ed", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2 and not word.endswith(("ss", "us", "dress", "ring")):
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            break
    return _SAME.get(word, word)


def _plural(word: str) -> str:
    return word + "s"
