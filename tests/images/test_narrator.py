"""The built-in narrator: thirty turns without a repeated sentence, the player heard, and nothing odd let through."""

from __future__ import annotations

import random
import re
import string

import pytest

from images.language.hearing import hear
from images.narrator import (
    NARRATED_BY,
    CharacterNote,
    Narration,
    NarrationRequest,
    narrate,
    suggest_actions,
    summarise,
)
from images.narrator.lexicon import GRAMMAR, load, slots
from images.narrator.scene import GENRES, genre_of, place_phrase

MIRA = CharacterNote(name="Mira", description="A tall woman in a grey coat.")
VOSS = CharacterNote(name="Dr. Voss", description="He walks with a cane.")
STORIES = {
    "fantasy": {"title": "The Salt Crown", "genre": "Fantasy", "location": "Old Lighthouse", "time_of_day": "dusk",
                "weather": "light rain", "characters": (MIRA, VOSS)},
    "mystery": {"title": "Room 9", "genre": "noir", "location": "hotel lobby", "characters": (VOSS,)},
    "science_fiction": {"title": "Far Relay", "genre": "sci-fi", "location": "cargo bay", "time_of_day": "morning"},
    "horror": {"title": "The Well", "genre": "gothic horror", "location": "a forest clearing", "weather": "wind"},
    "romance": {"title": "Bath", "genre": "regency romance", "location": "the ballroom", "characters": (MIRA,)},
    "western": {"title": "Dry Creek", "genre": "western", "location": "Main Street", "weather": "hot"},
    "": {"title": "Untitled"},
}  # fmt: skip
# Each line with the words of it that a narration may take up.
LINES = [
    ("I take the lantern", "lantern take"), ("look around", "look"), ("I climb the stairs", "stairs climb"),
    ("Ask Mira about the keeper", "keeper ask"), ("I open the old chest", "chest open"), ("wait", "wait"),
    ('"Who is there?" I shout', "shout"), ("I light the lamp", "lamp light"), ("What is behind the door?", "door"),
    ("I put the key in my pocket and leave the room", "key put"), ("I nod", "nod"), ("I run", "run"),
    ("I attack the shadow with my knife", "shadow attack knife"), ("I kneel beside the statue", "statue kneel"),
    ("follow the stranger", "stranger follow"), ("I give her the letter", "letter give"), ("use rope", "rope use"),
    ("I hide behind the curtain", "curtain hide"), ("I remember the sea", "sea remember"), ("the bell", "bell"),
    ("We walked to the harbour and waited.", "harbour walk"), ("I can't open the door", "door open"),
    ("I try to calm the frightened horse", "horse try calm"), ("Suddenly I jump", "jump"),
    ("read the diary", "diary"),
    ("I unfurl the map", "map unfurl"), ("Go north", "go"), ("examine the bones", "bones"),
    ("We rest until dawn", "rest"),
    ("I search the ruins for a way in", "ruins search"),
]  # fmt: skip
ODD = [
    "", "   ", "🌙🌙🌙", "asdf qwer zxcv", "Ich öffne die Tür und gehe hinein", "Я открываю дверь", "鍵を取る",
    "yes",
    "<script>alert('x')</script>", "I <b>grab</b> the {lantern|$name} & run", '"I will not', "'''", "$clause {a|b}",
    "I " + "take the lantern and " * 400, "a" * 5000, "?!?!", "I I I I I", "the the the", "\x00\x07\n\r\t", "{",
    "%s %d",
    "you you your", "I tell you your own story", "Dr. Voss. Mr. X. e.g. that.", "1234567890 99999",
    "I take the 🗡️ sword",
]  # fmt: skip


def play(
    genre: str, lines: list[str], *, seeds: int = 1, with_history: bool = True
) -> list[tuple[NarrationRequest, Narration]]:
    told: list[tuple[NarrationRequest, Narration]] = []
    for number, line in enumerate(lines, 1):
        history = tuple(narration.text for _, narration in told) if with_history else ()
        request = NarrationRequest(
            player_input=line, number=number, seed=number * seeds, history=history, **STORIES[genre]
        )  # type: ignore[arg-type]
        told.append((request, narrate(request)))
    return told


def naive_sentences(text: str) -> list[str]:
    """Split as simply as a reader would: at every end mark."""
    return [part for part in re.split(r"(?<=[.!?])[”\"']?\s+", text) if part]


def plain(sentence: str) -> str:
    return " ".join(re.findall(r"\w+", sentence.lower()))


@pytest.mark.parametrize("genre", STORIES)
@pytest.mark.parametrize("same_line", [False, True], ids=["thirty lines", "one line thirty times"])
def test_thirty_turns_repeat_no_sentence(genre: str, same_line: bool) -> None:
    lines = ["look around"] * 30 if same_line else [line for line, _ in LINES]
    assert len(lines) == 30
    sentences = [plain(part) for _, told in play(genre, lines) for part in naive_sentences(told.text)]
    repeated = {sentence for sentence in sentences if sentences.count(sentence) > 1}
    assert not repeated
    assert len(sentences) > 140


def test_digests_alone_are_enough_to_avoid_what_was_told() -> None:
    story = STORIES["fantasy"]
    first = narrate(NarrationRequest(player_input="look around", **story))  # type: ignore[arg-type]
    avoid = frozenset(first.sentence_digests)
    second = narrate(NarrationRequest(player_input="look around", avoid=avoid, **story))  # type: ignore[arg-type]
    assert avoid.isdisjoint(second.sentence_digests)


def test_a_hundred_turns_still_repeat_no_sentence() -> None:
    lines = [line for line, _ in LINES] * 4
    sentences = [plain(part) for _, told in play("mystery", lines[:100]) for part in naive_sentences(told.text)]
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize("genre", ["fantasy", "horror", ""])
def test_each_narration_takes_up_a_noun_or_verb_of_the_line(genre: str) -> None:
    for (line, wanted), (_, told) in zip(LINES, play(genre, [line for line, _ in LINES]), strict=True):
        said = set(re.findall(r"\w+", told.text.lower()))
        assert said & set(wanted.split()), f"{line!r} → {told.text!r}"
        assert told.taken_up


@pytest.mark.parametrize("genre", STORIES)
def test_a_narration_has_sixty_to_hundred_and_forty_words(genre: str) -> None:
    for _, told in play(genre, [line for line, _ in LINES] + ODD):
        assert 60 <= len(told.text.split()) <= 140, told.text


def test_the_same_request_gives_the_same_text_and_another_seed_another() -> None:
    texts = {
        seed: narrate(NarrationRequest(player_input="I take the lantern", seed=seed, **STORIES["western"])).text  # type: ignore[arg-type]
        for seed in (0, 1, 2)
    }
    again = narrate(NarrationRequest(player_input="I take the lantern", seed=1, **STORIES["western"])).text  # type: ignore[arg-type]
    assert again == texts[1]
    assert len(set(texts.values())) == 3


def unsound(text: str) -> list[str]:
    """Marks of broken prose."""
    found = re.findall(r"[{}|$<>\\\x00]|\bundefined\b|\bNone\b|  |\s[,.;:]|[,;:]{2}|\.\.|,\.", text)
    found += re.findall(r"\b(the the|a a|and and|you you|a an|an a)\b", text.lower())
    found += re.findall(r"\b[Aa] [aeio]\w+|\ban [bcdfgjklmnpqrstvwxyz]\w+", text)
    found += [part for part in naive_sentences(text) if not re.match(r"[“\"]?[A-ZÀ-Ý]", part)]
    found += [] if re.search(r"[.!?]”?$", text) else [text[-20:]]
    return found + re.findall(r"\b(I|my|me|myself)\b(?![^“]*”)", text)


@pytest.mark.parametrize("genre", STORIES)
def test_the_prose_is_sound_whatever_the_line(genre: str) -> None:
    for request, told in play(genre, [line for line, _ in LINES] + ODD, seeds=13):
        assert not unsound(told.text), f"{request.player_input[:60]!r} → {told.text!r}"


def test_names_and_places_may_be_anything() -> None:
    draw = random.Random(5)
    letters = string.printable + "äöü月🌙“”’"
    for number in range(120):
        junk = ["".join(draw.choice(letters) for _ in range(draw.randint(0, 60))) for _ in range(6)]
        request = NarrationRequest(
            player_input=junk[0], number=number, title=junk[1], premise=junk[2], genre=junk[3], location=junk[4],
            time_of_day=junk[5], weather=junk[0], characters=(CharacterNote(name=junk[1], description=junk[2]),),
        )  # fmt: skip
        told = narrate(request)
        assert 60 <= len(told.text.split()) <= 140
        assert not re.search(r"[{}|$<>\x00]", told.text)
        assert len(suggest_actions(request, told.text)) == 3
        assert len(summarise(player_input=junk[0], narration=told.text)) <= 160


def test_every_sentence_of_the_grammar_can_be_told() -> None:
    known = {"place", "name", "poss", "about", "noun", "verb", "clause"}
    for path in GRAMMAR.glob("*.txt"):
        for section, lines in load(path.stem).items():
            assert len(lines) == len(set(lines)), section
            for line in lines:
                assert line.count("{") == line.count("}"), line
                assert not re.search(r"\{[^{}]*\{|\|\||\{\||\|\}", line), line
                assert slots(line) <= known, line
                if section not in ("marks", "before") and not section.startswith("tail"):
                    assert re.search(r"[.?][”}]*$", line), line


# What the player's line is heard as


@pytest.mark.parametrize(
    ("line", "clause"),
    [
        ("I take my lantern", "you take your lantern"),
        ("Open the door!", "you open the door"),
        ("We walked to the harbour and waited.", "you walk to the harbour and wait"),
        ("I'm going to ask Mira about the keeper", "you ask Mira about the keeper"),
        ("I was walking home", "you walk home"),
        ("then I quietly open the hatch", "you quietly open the hatch"),
        ("*I nod slowly*", "you nod slowly"),
        ("I stood up and left the room", "you stand up and leave the room"),
        ("I light the lamp with my last match, then read the letter.", "you light the lamp with your last match"),
        ("I am a wizard", "you are a wizard"),
        ("I unfurl the map", "you unfurl the map"),
        ("Take 5 gold coins & run", "you take 5 gold coins and run"),
        ("What is in the chest?", ""),
        ("I tell you your own story", ""),
        ("Elara draws her sword", ""),
        ("Ich gehe nach Hause", ""),
    ],
)
def test_a_plain_action_is_turned_to_the_second_person_and_nothing_else_is(line: str, clause: str) -> None:
    assert hear(line).clause == clause


@pytest.mark.parametrize(
    ("location", "phrase"),
    [
        ("Old Lighthouse", "the Old Lighthouse"), ("a quiet wood", "the quiet wood"), ("The Docks", "the Docks"),
        ("Blackwater Harbour", "Blackwater Harbour"), ("lantern room", "the lantern room"), ("", ""),
        ("my house", "your house"), ("Room 9", "Room 9"),
        ("<b>Cave</b> 🕳️", "the Cave"), ("somewhere else entirely", ""),
        ("a small room under the eaves of the house by the sea", "the small room"),
    ],
)  # fmt: skip
def test_a_place_is_named_as_a_sentence_needs_it(location: str, phrase: str) -> None:
    assert place_phrase(location) == phrase


@pytest.mark.parametrize(
    ("genre", "premise", "found"),
    [("Sci-Fi", "", "science_fiction"), ("dark fantasy", "", "fantasy"), ("", "A detective in a small town", "mystery"),
     ("slice of life", "Two neighbours share a garden", ""), ("Wild West", "", "western")],
)  # fmt: skip
def test_the_genre_is_read_from_its_name_or_else_the_premise(genre: str, premise: str, found: str) -> None:
    assert genre_of(NarrationRequest(player_input="", genre=genre, premise=premise)) == found
    assert found in (*GENRES, "")


# Afterwards


@pytest.mark.parametrize("genre", STORIES)
def test_three_different_short_actions_are_suggested(genre: str) -> None:
    for request, told in play(genre, [line for line, _ in LINES] + ODD):
        actions = suggest_actions(request, told.text)
        assert len(actions) == len(set(actions)) == 3
        assert all(len(action) <= 80 and action[0].isupper() and not action.endswith(".") for action in actions)
        assert request.player_input.lower() not in [action.lower() for action in actions]


@pytest.mark.parametrize("genre", STORIES)
def test_a_summary_is_one_sentence_of_at_most_160_characters(genre: str) -> None:
    for request, told in play(genre, [line for line, _ in LINES] + ODD):
        summary = summarise(player_input=request.player_input, narration=told.text)
        assert 10 < len(summary) <= 160
        assert len(naive_sentences(summary)) == 1, summary


def test_a_summary_tells_the_action_and_what_came_of_it() -> None:
    summary = summarise(player_input="I open the chest", narration="You open the chest. The lid gives with a groan.")
    assert summary == "You open the chest; the lid gives with a groan."


def test_the_narrator_says_what_it_is() -> None:
    assert NARRATED_BY == "built-in narrator"
