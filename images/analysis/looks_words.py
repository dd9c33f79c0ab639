"""The vocabulary of appearance: what is worn, which parts of the body show, how both change."""

from __future__ import annotations

from images.language.words import word_set

# Garments by where they sit: putting one on replaces what sat there. "whole" replaces everything.
GARMENTS: dict[str, frozenset[str]] = {
    "whole": word_set(
        "velvet silk lace satin brocade skirts dress gown robe robes uniform armour armor clothes clothing "
        "attire outfit costume suit livery kimono habit rags disguise jumpsuit spacesuit finery nightgown "
        "nightdress pyjamas pajamas tunic overalls coveralls garb vestments sari toga swimsuit oilskins "
        "breastplate leathers fatigues"
    ),
    "outer": word_set("cloak coat jacket cape duster shawl poncho mantle overcoat parka blanket vest waistcoat apron"),
    "top": word_set("shirt blouse sweater jumper jerkin corset doublet bodice cardigan"),
    "legs": word_set("trousers pants skirt breeches kilt jeans shorts leggings stockings tights"),
    "feet": word_set("boots shoes slippers sandals boot shoe socks clogs"),
    "head": word_set(
        "hat cap hood helmet helm crown wig veil mask bonnet turban headscarf tiara diadem circlet bandana "
        "kerchief wreath beret spectacles glasses goggles eyepatch monocle blindfold"
    ),
    "neck": word_set("scarf necklace amulet collar pendant tie cravat locket medallion chain ruff"),
    "hands": word_set("gloves gauntlets glove ring bracelet mittens bangle bracers"),
    "waist": word_set("belt sash scabbard girdle holster baldric"),
    "bandage": word_set("bandage bandages sling splint makeup jewels jewellery jewelry earrings earring badge"),
}
SLOT_OF = {garment: slot for slot, members in GARMENTS.items() for garment in members}

PARTS = word_set(
    "hair head face skin eye eyes cheek cheeks chin brow forehead beard moustache mustache braid braids "
    "ear ears nose mouth lips teeth neck throat shoulder shoulders arm arms hand hands finger fingers "
    "wrist wrists palm chest back leg legs foot feet tail wings wing horns horn scales fur body jaw "
    "temple temples hips knee claws curls locks plait waist belly stomach hip ankle ankles knees thigh "
    "thighs ribs nails eyebrow eyebrows lashes"
)
HAIR = word_set("hair beard moustache mustache braid braids head curls locks plait sideburns ponytail fringe")
GROWN = word_set(
    "beard moustache mustache horns wings tail fur scales feathers claws fangs antlers hooves gills tusks "
    "horn wing fin fins hair tentacles talons snout beak muzzle"
)
MARKS = word_set(
    "line cut cuts gash gashes welt welts crack cracks rash scar scars tattoo tattoos rune runes stripes "
    "stripe freckles wrinkles lines burn burns bruise bruises feathers scales horns horn fur spots brand "
    "mark marks wound veins blisters warts thorns wings antlers claws fangs"
)
CREATURES = word_set(
    "wolf bear cat raven crow bird stone statue dragon snake serpent beast monster creature child dwarf "
    "giant ghost vampire werewolf swan horse fox stag owl hare rat toad frog spider fish seal tiger lion "
    "panther lizard demon angel skeleton tree glass ice smoke dust gold silver marble shadow hag crone "
    "mermaid centaur eagle hawk dog hound boar bull goat deer moth butterfly robot puppet doll infant "
    "baby youth"
)
COLOURS = word_set(
    "red crimson scarlet white black grey gray silver gold golden blue green brown blond blonde copper "
    "auburn violet purple pink orange yellow amber dark pale raven chestnut bronze emerald"
)
AGES = word_set("old young older younger aged ancient elderly")
SIZES = word_set("taller shorter larger smaller bigger younger older thinner translucent transparent invisible")

PUT_ON = (
    r"(?:puts?|pulls?|pulled|slips?|slipped|throws?|threw|ties?|tied|tugs?|tugged|tries|tried|draws?|drew|"
    r"straps?|strapped|buckles?|buckled|laces?|laced|buttons?|buttoned|zips?|zipped|gets?|"
    r"got) (?:\w+ )?(?:on|up)|dons?|donned|shrugs? (?:into|on)|shrugged (?:into|on)|slips? (?:\w+ )?into|"
    r"slipped (?:\w+ )?into|climbs? into|pulls? \w+ self into|(?:changes?|changed|dresses|dressed|gets?|"
    r"got) (?:\w+ )?in(?:to)?|fastens?|fastened|buckles?|buckled|buttons?|buttoned|laces?|laced|"
    r"wraps? (?:\w+self )?(?:up )?in|wrapped (?:\w+self )?(?:up )?in|wraps?|wrapped|winds?|wound|drapes?|"
    r"draped|pins?|pinned|knots?|knotted|pulls?|pulled|draws?|drew|ties?|tied|straps?|strapped|lowers?|"
    r"lowered|sets?|clasps?|clasped"
)
# These verbs alone say little: what they are done to must be put somewhere on the body.
NEEDS_PLACE = (
    r"wraps?|wrapped|winds?|wound|drapes?|draped|pins?|pinned|knots?|knotted|pulls?|pulled|draws?|drew|"
    r"ties?|tied|straps?|strapped|lowers?|lowered|sets?|fastens?|fastened|clasps?|clasped|buttons?|"
    r"buttoned|laces?|laced|buckles?|buckled"
)
TAKE_OFF = (
    r"(?:takes?|took|taken|pulls?|pulled|strips?|stripped|kicks?|kicked|throws?|threw|thrown|tears?|tore|"
    r"torn|slips?|slipped|peels?|peeled|tugs?|tugged|shrugs?|shrugged) (?:\w+ )?off|removes?|removed|"
    r"sheds?|doffs?|doffed|unbuckles?|unbuckled|unlaces?|unlaced|unclasps?|unclasped|discards?|discarded|"
    r"(?:slips?|slipped|steps?|stepped|climbs?|climbed) out of|shrugs? out of|shrugged out of|loses?|lost"
)
SWAP = r"(?:swaps?|swapped|trades?|traded|exchanges?|exchanged)"
WEARING = (
    r"(?:wearing|dressed (?:in|as)|clad in|robed in|garbed in|attired in|cloaked in|disguised as|"
    r"costumed as)"
)
ARRIVE = (
    r"(?:returns?|returned|emerges?|emerged|appears?|appeared|reappears?|reappeared|comes?|came|steps?|"
    r"stepped|walks?|walked|arrives?|arrived|enters?|entered|stands?|stood|is|are|sits?|sat)"
)
RUINED = (
    r"(?:torn|ripped|ruined|soaked|stained|singed|burned|burnt|shredded|drenched|scorched|muddied|"
    r"in tatters|in rags)"
)
