"""What follows a narration: three things the player could do next, and the turn in one sentence."""

from __future__ import annotations

import random
import re

from images.language.hearing import hear
from images.language.words import clean, clip, sentences, words
from images.narrator.lexicon import opening_words
from images.narrator.scene import scene_of
from images.narrator.types import NarrationRequest

ACTION_MAX_CHARS = 80
SUMMARY_MAX_CHARS = 160

_TO_PERSON = (
    "Ask {name} what is really going on",
    "Tell {name} what you have noticed",
    "Watch what {name} does next",
    "Offer {name} your help",
    "Take {name} aside for a quiet word",
    "Follow {name}'s gaze",
)
_TO_NOUN = (
    "Take a closer look at the {noun}",
    "Ask about the {noun}",
    "Search the place around the {noun}",
    "Leave the {noun} alone for now",
)
_TO_PLACE = (
    "Search {place} from end to end",
    "Look for another way out of {place}",
    "Listen to what {place} has to tell",
    "Find the oldest thing in {place}",
)
_ANY = (
    "Stand still and listen",
    "Go on, carefully",
    "Follow the sound",
    "Retrace your steps",
    "Look for what is missing",
    "Wait and see who comes",
    "Put out the light and watch",
    "Call out into the silence",
    "Write down what you know so far",
    "Look behind you",
)
_GENRE = {
    "fantasy": ("Speak the old words you remember", "Leave an offering", "Follow the light"),
    "mystery": ("Compare what the witnesses said", "Search the wastepaper", "Set a small trap"),
    "science_fiction": ("Run a full scan", "Open a channel", "Pull the last log entries"),
    "horror": ("Bar the door", "Light another candle", "Say the name aloud"),
    "romance": ("Say what you mean", "Write a letter tonight", "Ask for one dance"),
    "western": ("Order two drinks", "Check the horses", "Step out into the street"),
}


_COMMON = frozenset(
    {"the", "a", "an", "you", "your", "it", "there", "this", "that", "he", "she", "they", "his", "her", "their", "in"}
)


def suggest_actions(request: NarrationRequest, narration: str = "", *, count: int = 3) -> list[str]:
    """Short imperatives for the player, all different, each at most 80 characters, none the line just played.

    People come first, then the thing or place at hand, then what the genre offers. narration: the turn's text; its
    people are preferred to those only listed.
    """
    scene, heard = scene_of(request), hear(request.player_input)
    draw = random.Random(f"{request.title}\n{request.number}\n{request.seed}\n{request.player_input[:500]}")
    people = sorted(scene.people, key=lambda person: person.name not in narration)
    groups = [
        [line.format(name=people[0].name) for line in _TO_PERSON] if people else [],
        [line.format(noun=heard.noun) for line in _TO_NOUN] if heard.noun_kind in ("thing", "things") else [],
        [line.format(place=scene.place) for line in _TO_PLACE] if scene.place else [],
        list(_GENRE.get(scene.genre, ())),
        list(_ANY),
    ]
    said = clean(request.player_input, 200).lower().rstrip(".!")
    chosen: list[str] = []
    for _ in range(count):  # a round takes one from each group, so that the kinds alternate
        for group in groups:
            options = [
                line for line in group if line not in chosen and line.lower() != said and len(line) <= ACTION_MAX_CHARS
            ]
            if options and len(chosen) < count:
                chosen.append(draw.choice(options))
    return chosen


def summarise(*, player_input: str, narration: str, limit: int = SUMMARY_MAX_CHARS) -> str:
    """The turn in one sentence of at most `limit` characters: what the player did and what came of it.

    "" only if both texts are empty.
    """
    heard = hear(player_input)
    told = [sentence for sentence in sentences(clean(narration, 4000)) if len(words(sentence)) > 2]
    action = (heard.clause[:1].upper() + heard.clause[1:]) if heard.clause else ""
    if not action:
        return clip(told[0] if told else clean(player_input, limit), limit)
    for sentence in told:
        if not _repeats(sentence, heard.clause) and not sentence.endswith("?") and '"' not in sentence:
            whole = f"{action}; {_lowered(sentence)}"
            if len(whole) <= limit:
                return whole
    return clip(f"{action}.", limit)


def _repeats(sentence: str, clause: str) -> bool:
    """Whether a sentence mostly tells the player's action again."""
    told, done = set(words(sentence.lower())), set(words(clause.lower())) - {"you", "the", "a", "and", "to", "your"}
    return bool(done) and len(told & done) / len(done) > 0.6


def _lowered(sentence: str) -> str:
    """The sentence without its capital, if its first word begins one of our own sentences, and so is no name."""
    head = re.match(r"[A-Za-z']+", sentence)
    if head and head.group(0).lower() in (_COMMON | opening_words()):
        return sentence[:1].lower() + sentence[1:]
    return sentence
