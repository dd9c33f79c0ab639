"""The painter's vocabulary for people: who they are, how they look, what they wear and do."""

from __future__ import annotations


def table(**rows: str) -> dict[str, str]:
    """From a meaning and its words to a look-up from word to meaning."""
    return {word: name for name, words in rows.items() for word in words.split()}


# Who. Value: sex (w, m, -) / age (c child, y young, a adult, o old) / garment / headgear / carried.
PERSON: dict[str, str] = {
    "woman": "w/a///", "lady": "w/a/dress//", "girl": "w/c/dress//", "maiden": "w/y/dress//",
    "princess": "w/y/dress/crown/", "queen": "w/a/dress/crown/", "witch": "w/a/robe/pointed/staff",
    "priestess": "w/a/robe//", "sorceress": "w/a/robe//staff", "heroine": "w/y/cloak//sword", "mother": "w/a/dress//",
    "sister": "w/y/dress//", "grandmother": "w/o/dress//", "crone": "w/o/cloak/hood/staff",
    "empress": "w/a/dress/crown/", "barmaid": "w/y/dress//", "nun": "w/a/robe/hood/", "man": "m/a///",
    "boy": "m/c/tunic//", "king": "m/a/cloak/crown/", "prince": "m/y/coat/crown/", "lord": "m/a/coat//",
    "knight": "m/a/armour/helmet/sword", "wizard": "m/o/robe/pointed/staff", "sorcerer": "m/a/robe//staff",
    "mage": "-/a/robe/hood/staff", "monk": "m/a/robe/hood/", "priest": "m/a/robe//book", "father": "m/a/coat//",
    "brother": "m/y/tunic//", "grandfather": "m/o/coat//", "emperor": "m/a/robe/crown/", "ferryman": "m/o/coat/cap/",
    "fisherman": "m/a/coat/cap/", "blacksmith": "m/a/tunic//hammer", "smith": "m/a/tunic//hammer",
    "samurai": "m/a/armour/helmet/sword", "warrior": "-/a/armour//sword", "soldier": "-/a/armour/helmet/spear",
    "guard": "-/a/armour/helmet/spear", "hunter": "-/a/cloak/hood/bow", "archer": "-/a/tunic/hood/bow",
    "ranger": "-/a/cloak/hood/bow", "thief": "-/y/cloak/hood/dagger", "assassin": "-/a/cloak/hood/dagger",
    "rogue": "-/a/cloak/hood/dagger", "pirate": "-/a/coat/tricorn/sword", "captain": "-/a/coat/tricorn/",
    "sailor": "-/a/coat/cap/", "keeper": "-/a/coat/cap/lantern", "merchant": "-/a/robe/cap/",
    "innkeeper": "-/a/tunic//cup", "farmer": "-/a/tunic/straw/", "traveller": "-/a/cloak/hood/staff",
    "traveler": "-/a/cloak/hood/staff", "wanderer": "-/a/cloak/hood/staff", "pilgrim": "-/a/cloak/hood/staff",
    "stranger": "-/a/cloak/hood/", "scholar": "-/a/robe//book", "librarian": "-/a/robe//book",
    "healer": "-/a/robe//potion", "bard": "-/y/coat/feathered/lute", "minstrel": "-/y/coat/feathered/lute",
    "detective": "-/a/coat/fedora/", "scientist": "-/a/labcoat//potion", "alchemist": "-/a/robe//potion",
    "doctor": "-/a/labcoat//", "astronaut": "-/a/spacesuit/visor/", "pilot": "-/a/coat/cap/", "elf": "-/y/cloak//bow",
    "dwarf": "m/a/armour/helmet/axe", "child": "-/c/tunic//", "kid": "-/c/tunic//", "youth": "-/y/tunic//",
    "elder": "-/o/robe//staff", "hermit": "m/o/cloak/hood/staff", "person": "-/a///", "figure": "-/a/cloak/hood/",
    "hero": "-/a/cloak//sword", "adventurer": "-/a/cloak//lantern", "villager": "-/a/tunic//",
    "peasant": "-/a/tunic/straw/", "servant": "-/a/tunic//", "noble": "-/a/coat//", "robot": "-/a/armour/visor/",
    "android": "-/a/armour//", "vampire": "-/a/cloak//", "goblin": "-/c/tunic//dagger", "orc": "m/a/armour//axe",
    "giant": "m/a/tunic//hammer", "explorer": "-/a/coat/fedora/map", "dancer": "w/y/dress//",
    "bride": "w/y/dress//flower", "widow": "w/a/dress/hood/", "beggar": "-/o/cloak/hood/cup",
    "messenger": "-/y/cloak/cap/letter",
}  # fmt: skip


HAIR_STYLE = table(
    curly="curl curly curled frizzy afro ringlet",
    long="long_hair flowing_hair long_haired waist_length",
    braid="braid braided plait pigtail dreadlock",
    bun="bun topknot updo",
    short="short_hair short_haired cropped crew_cut shorn pixie",
    bald="bald shaven hairless",
    wavy="wavy wave",
    tail="ponytail",
    wild="wild_hair tousled messy unkempt spiky",
    bob="bob",
)


HAIR_WORDS = frozenset(
    [
        "hair",
        "haired",
        "curl",
        "lock",
        "tress",
        "mane",
        "braid",
        "plait",
        "ponytail",
        "bun",
        "ringlet",
        "bob",
        "topknot",
    ]
)


BEARD_WORDS = frozenset(["beard", "bearded", "moustache", "mustache", "stubble", "whisker", "goatee"])


HEADGEAR = table(
    hood="hood hooded cowl",
    helmet="helm helmeted",
    hat="hat brimmed",
    pointed="wizard_hat witch_hat pointed_hat",
    tricorn="tricorn tricorne pirate_hat",
    cap="cap beanie beret woollen_hat",
    crown="crowned",
    straw="straw_hat",
    fedora="fedora trilby",
    scarf="headscarf veil bandana turban",
    feathered="feathered_hat",
    visor="visor goggle",
)


GARMENT = table(
    cloak="cloak cape mantle shawl cloaked poncho",
    dress="dress gown skirt kimono sari",
    armour="armour armor plate chainmail mail cuirass breastplate armoured",
    robe="robe habit vestment toga robed",
    coat="coat jacket greatcoat uniform suit trenchcoat overcoat waistcoat",
    tunic="tunic shirt vest jerkin blouse apron jumper sweater",
    labcoat="lab_coat",
    spacesuit="spacesuit space_suit",
)


MARK = table(
    eyepatch="one_eyed eyepatch eye_patch",
    scar="scar scarred",
    glasses="glass spectacle monocle bespectacled eyeglass",
    freckles="freckle freckled",
    earring="earring",
    scarf="scarf kerchief neckerchief",
    pointed_ears="elf elven elvish",
    paint="tattoo tattooed warpaint",
)


EXPRESSION = table(
    smile="smile smiling happy cheerful grin grinning laughing joyful amused friendly warm delighted kind",
    angry="angry furious scowl scowling frown frowning rage fierce stern glaring",
    sad="sad weeping crying sorrowful melancholy mournful tearful grieving weary tired",
    surprise="surprised shocked astonished afraid frightened scared terrified wide_eyed fearful startled",
    smirk="smirk smirking sly cunning mischievous wry",
    calm="calm serene thoughtful neutral solemn determined serious pensive resolute",
)


AGE = table(
    c="child young_girl young_boy little kid",
    y="young teen teenage youthful",
    o="old elderly aged ancient wizened wrinkled grizzled",
    a="adult middle_aged",
)


SKIN: dict[str, str] = {
    "pale_skin": "#ecc9ae", "fair_skin": "#e9c1a0", "pale_skinned": "#ecc9ae", "tanned": "#bf8456",
    "olive_skin": "#b98a5e", "brown_skin": "#8d5a3a", "brown_skinned": "#8d5a3a", "dark_skin": "#6d432c",
    "dark_skinned": "#6d432c", "black_skin": "#5a3726", "weathered": "#b87f58", "green_skin": "#7d9a62",
    "blue_skin": "#7f9bbd",
}  # fmt: skip


POSE = table(
    walk="walk climb run enter cross step flee march wander chase approach ascend descend follow leave stride",
    fight="fight attack strike swing duel battle slash defend lunge charge draw_sword",
    reach="reach point raise cast lift summon hold_up wave touch open",
    sit="sit rest sleep crouch kneel read eat drink lie",
)


NUMBER = {
    "two": 2,
    "both": 2,
    "pair": 2,
    "couple": 2,
    "three": 3,
    "several": 3,
    "four": 4,
    "five": 5,
    "six": 5,
    "group": 4,
    "crowd": 5,
    "many": 5,
}


WOMEN = frozenset(
    [
        "alice",
        "anne",
        "ann",
        "beth",
        "carol",
        "claire",
        "eleanor",
        "elizabeth",
        "emily",
        "grace",
        "helen",
        "isabel",
        "jane",
        "joan",
        "judith",
        "june",
        "kate",
        "margaret",
        "mary",
        "rose",
        "ruth",
        "sarah",
        "susan",
        "violet",
        "wren",
        "ivy",
        "hazel",
        "miriam",
        "rowan",
        "eve",
        "iris",
    ]
)


MEN = frozenset(["luca", "joshua", "ezra", "noah", "elijah", "nikita", "sasha", "ira", "barnaba", "attila"])
