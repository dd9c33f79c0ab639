"""Word lists and small text tools shared by the turn analysis and the built-in narrator. English only."""

from __future__ import annotations

import html
import re
import unicodedata

LINE_MAX_CHARS = 2000


def word_set(*texts: str) -> frozenset[str]:
    """The words of some texts, split at white space."""
    return frozenset(word for text in texts for word in text.split())


ARTICLES = word_set("the a an this that these those some my our your his her their its")

IRREGULAR = {  # past form or participle → base
    "was": "be", "were": "be", "been": "be", "am": "be", "are": "be", "is": "be", "had": "have", "has": "have",
    "did": "do", "does": "do", "done": "do", "went": "go", "goes": "go", "gone": "go", "came": "come",
    "took": "take", "taken": "take", "gave": "give", "given": "give", "got": "get", "ran": "run", "saw": "see",
    "seen": "see", "said": "say", "told": "tell", "spoke": "speak", "spoken": "speak", "found": "find",
    "held": "hold", "kept": "keep", "left": "leave", "felt": "feel", "heard": "hear", "stood": "stand",
    "sat": "sit", "knelt": "kneel", "crept": "creep", "swam": "swim", "rode": "ride", "drove": "drive",
    "drew": "draw", "drawn": "draw", "threw": "throw", "thrown": "throw", "caught": "catch", "brought": "bring",
    "bought": "buy", "thought": "think", "fought": "fight", "sought": "seek", "broke": "break", "broken": "break",
    "woke": "wake", "wore": "wear", "worn": "wear", "swung": "swing", "shook": "shake", "struck": "strike",
    "stuck": "stick", "slid": "slide", "hid": "hide", "hidden": "hide", "lit": "light", "rose": "rise",
    "fell": "fall", "flew": "fly", "grew": "grow", "knew": "know", "wrote": "write", "ate": "eat", "drank": "drink",
    "slept": "sleep", "leapt": "leap", "lay": "lie", "laid": "lay", "led": "lead", "met": "meet", "sent": "send",
    "sold": "sell", "spun": "spin", "stole": "steal", "swore": "swear", "tore": "tear", "wound": "wind",
    "bent": "bend", "bound": "bind", "dug": "dig", "made": "make", "paid": "pay", "read": "read", "put": "put",
    "cut": "cut", "set": "set", "shut": "shut", "let": "let", "hit": "hit", "turned": "turn", "asked": "ask",
    "called": "call", "lied": "lie", "tied": "tie", "tried": "try", "lost": "lose",
}  # fmt: skip

VERB_CLASSES: dict[str, frozenset[str]] = {
    "take": word_set(
        "take grab pick lift collect gather pocket snatch pull fetch steal catch hold seize get carry retrieve"
    ),
    "open": word_set("open unlock force pry unbolt unwrap unfold uncover unseal unlatch break"),
    "move": word_set(
        "go walk run climb enter cross follow step sneak creep crawl ride drive sail swim leave return head "
        "descend ascend march wander travel approach jump leap hurry rush slip flee escape row fly board move "
        "advance retreat stroll dash sprint trudge wade squeeze come venture proceed stumble limp race push "
        "duck"
    ),
    "look": word_set(
        "look search examine inspect study watch read scan explore peer check observe see find stare gaze "
        "glance investigate seek browse survey spot notice count"
    ),
    "speak": word_set(
        "say ask tell speak call shout whisper greet answer reply yell sing beg warn promise thank explain "
        "plead demand introduce confess mutter hail cry question talk argue swear apologise apologize insist "
        "agree laugh"
    ),
    "fight": word_set(
        "attack fight strike hit stab shoot punch kick slash swing throw charge block parry duel kill aim "
        "fire tackle shove draw ram smash slam"
    ),
    "touch": word_set("touch press feel stroke knock tap rub push wipe brush trace turn twist shake"),
    "wait": word_set(
        "wait rest sleep sit stay stand listen pause breathe kneel lie hesitate think stop linger lean pray "
        "dream meditate remain crouch"
    ),
    "use": word_set(
        "use light put place set tie cut pour drink eat write draw play wear cast burn dig build mend fix "
        "repair start ring raise lower point drop load hang wrap wind strike close shut lock fill bury cook "
        "make activate switch ignite extinguish douse"
    ),
    "give": word_set("give offer hand show pay return share trade bring sell buy pass feed lend"),
    "hide": word_set("hide cover conceal bury duck"),
    "help": word_set(
        "help save heal comfort free untie protect hug kiss embrace bandage hold guide lead calm guard rescue "
        "dance bow nod smile wave try decide begin keep want need choose join meet let refuse accept trust"
    ),
}
VERBS = frozenset().union(*VERB_CLASSES.values()) | word_set(
    "be have do lose gain become grow think know remember wish hope wonder imagine believe like love hate fear miss"
)

PERSON_NOUNS = word_set(
    "man woman girl boy child captain king queen prince princess knight guard soldier sailor ferryman "
    "fisherman keeper innkeeper barkeep bartender sheriff deputy marshal doctor nurse priest monk nun "
    "witch wizard mage sorcerer sorceress thief stranger traveller traveler merchant trader smith "
    "blacksmith farmer hunter ranger elf dwarf orc goblin giant robot android pilot engineer officer "
    "detective inspector constable butler maid cook servant lord lady duke duchess baron baroness count "
    "countess mother father brother sister son daughter aunt uncle widow bride groom friend enemy mayor "
    "judge clerk librarian scholar professor teacher student gardener driver coachman bandit outlaw "
    "pirate vampire ghost oracle healer herbalist shopkeeper gambler preacher miner rancher cowboy waiter "
    "waitress singer musician bard dancer painter crew crowd people men women children guards soldiers "
    "sailors villagers commander archer navigator medic lieutenant sergeant colonel general boatman "
    "watchman old-timer apprentice master mistress"
)

INDOOR_NOUNS = word_set(
    "room tavern inn house hall cellar library church chapel cathedral temple cabin cottage hut barn "
    "kitchen bedroom attic basement corridor hallway office study parlour parlor salon saloon bar pub "
    "café cafe restaurant hotel shop store bakery forge smithy workshop laboratory lab hospital ward "
    "prison cell jail dungeon crypt tomb vault cave cavern tunnel mine theatre theater opera museum "
    "gallery school classroom warehouse factory mill lighthouse tower keep castle palace manor mansion "
    "villa apartment flat bathroom chamber throne-room armoury armory stable observatory bridge-deck "
    "cockpit cargo-bay airlock shuttle carriage train compartment tent ballroom conservatory greenhouse "
    "staircase stairwell elevator lift bank courthouse monastery abbey convent sanctuary infirmary studio "
    "pantry nursery lobby foyer bunker hangar catacombs sewer sewers stairs engine-room diner boathouse"
)
OUTDOOR_NOUNS = word_set(
    "forest wood woods grove clearing road path trail track street alley lane square plaza market "
    "marketplace bazaar harbour harbor port dock docks pier quay wharf jetty beach shore coast cove bay "
    "island isle cliff cliffs hill hills hilltop mountain mountains pass peak summit valley canyon gorge "
    "ravine desert dunes plain plains prairie meadow field fields farm ranch orchard vineyard garden "
    "gardens courtyard yard cemetery graveyard churchyard river riverbank stream lake lakeside pond marsh "
    "swamp moor bog waterfall sea ocean deck ship boat ferry bridge gate gates village town city camp "
    "campsite campfire ruins rooftop roof balcony terrace battlements ramparts wall crossroads crossing "
    "station platform park fairground arena stadium border outpost fort fortress colony crater moon "
    "planet asteroid glacier tundra oasis jungle rainforest steppe highlands lowlands downs quarry "
    "district quarter neighbourhood neighborhood promenade boardwalk sandbar causeway ford well spring "
    "fountain"
)
PLACE_NOUNS = (
    INDOOR_NOUNS
    | OUTDOOR_NOUNS
    | word_set(
        "treasury archive archives summit vaults armoury refectory dormitory gatehouse undercroft mausoleum "
        "airport lodge orchard-house hideaway stronghold citadel keep-yard inner-court pavilion hostel dorm "
        "palace place home spot area site building hideout lair den base headquarters sanctum realm kingdom "
        "world land shack porch doorway entrance shelter ship starship station spaceship frigate cruiser"
    )
)

_TAG = re.compile(r"<[^<>]{0,300}>")
_SELECTORS = re.compile("[\ufe00-\ufe0f\u20e3\u200d]")  # they dress emoji up and stand for nothing alone
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "`": "'", "…": "..."})
_TITLES = r"(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bProf\.)(?<!\bCapt\.)(?<!\bSgt\.)"
_END = re.compile(_TITLES + r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[A-Z0-9])|\n{2,}")
_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'-]*")


def clean(text: str, limit: int = LINE_MAX_CHARS) -> str:
    """One line of plain text: no mark-up, emoji or control characters, straight quotes, at most `limit` characters."""
    text = _TAG.sub(" ", html.unescape(text[: limit * 2]))
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    text = _SELECTORS.sub("", text)
    kept = [letter if unicodedata.category(letter)[0] in "LNPM" or letter in "+$£€" else " " for letter in text]
    return _SPACE.sub(" ", "".join(kept)).strip()[:limit].strip()


def clean_text(text: str, limit: int) -> str:
    """As `clean`, but paragraphs stay apart."""
    paragraphs = (clean(part, limit) for part in re.split(r"\n\s*\n", text[: limit * 2]))
    return "\n\n".join(part for part in paragraphs if part)[:limit]


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, each with its end mark. "Dr." and the like end none."""
    return [part.strip() for part in _END.split(text) if part and part.strip()]


def words(text: str) -> list[str]:
    """The words in order, as written."""
    return _WORD.findall(text)


def base_verb(word: str) -> str | None:
    """The base form of a verb we know, from any of its forms; None for every other word."""
    word = word.lower()
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in VERBS:
        return word
    for ending, cut in (("ies", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"),
                        ("ing", ""), ("ing", "e")):  # fmt: skip
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)] + cut
            for form in (stem, stem[:-1] if len(stem) > 3 and stem[-1:] == stem[-2:-1] else stem):
                if form in VERBS:
                    return form
    return None


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word with an ellipsis."""
    text = _SPACE.sub(" ", text).strip()
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
