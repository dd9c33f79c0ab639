"""The painter's vocabulary: which words mean which place, light, weather, person, creature or thing.

Entries are stems as `words.stem` makes them; a phrase of several words is joined by underscores and counts double.
"""

from __future__ import annotations

from compute.backends.painter.lexicon_people import table as _table

# Where. The names are the keys of `places.PLACES`.
PLACE = _table(
    lighthouse="lighthouse beacon headland cape promontory keeper_cottage",
    coast="coast beach shore seaside cliff bay cove island isle lagoon surf tide sea_shore reef",
    harbour="harbour harbor port dock quay pier wharf jetty marina ferry_landing fishing_village",
    sea="sea ocean ship boat galleon deck sail vessel wave raft ferry shipwreck",
    forest="forest wood woodland grove thicket glade clearing jungle tree pine oak undergrowth wildwood canopy",
    swamp="swamp marsh bog mire fen bayou wetland moor reed peat moorland",
    mountain="mountain peak summit ridge mountain_pass highland crag alps hill valley plateau canyon gorge",
    snowfield="snowfield glacier tundra arctic ice iceberg snow_field frozen_lake frozen_waste icefield ice_cave",
    desert="desert dune sahara oasis wasteland badlands savanna mesa",
    ruins=(
        "ruin temple shrine colonnade acropolis pyramid monolith amphitheatre altar standing_stone sanctuary "
        "abbey monastery"
    ),
    castle="castle fortress keep citadel palace stronghold battlement rampart chateau fort gatehouse",
    village=(
        "village hamlet cottage town town_square square street alley lane cobblestone house neighbourhood "
        "courtyard inn_yard"
    ),
    market="market bazaar stall fair marketplace souk festival carnival plaza",
    city="city skyline metropolis downtown rooftop roof cyberpunk skyscraper tower_block highway neon_street urban",
    bridge="bridge river stream brook riverbank ford canal waterfall aqueduct lake pond shore_lake mill",
    meadow="meadow field farm barn pasture prairie grassland vineyard orchard plain windmill wheat countryside shire",
    garden="garden park greenhouse hedge maze labyrinth fountain topiary conservatory pergola gazebo",
    graveyard="graveyard cemetery grave tomb crypt_yard mausoleum tombstone churchyard gravestone burial barrow",
    camp=(
        "camp campfire road crossroad trail path tent bonfire caravan roadside wagon milestone track wayside encampment"
    ),
    tavern="tavern inn pub bar alehouse taproom common_room saloon kitchen dining_hall cafe restaurant bakery",
    library="library study archive bookshop scriptorium bookcase bookshelf reading_room office classroom school museum",
    throne="throne throne_room great_hall hall ballroom court cathedral church chapel nave audience_chamber banquet",
    bedroom="bedroom chamber bedchamber attic bed nursery guest_room cabin parlour parlor living_room room apartment",
    laboratory=(
        "laboratory lab workshop forge smithy workbench alchemist_shop observatory factory foundry apothecary garage"
    ),
    stairs=(
        "stair staircase stairwell spiral_stair tower_interior belfry lamp_room lantern_room tower steps "
        "corridor hallway"
    ),
    cave="cave cavern grotto mine tunnel lair den underground mineshaft hollow underworld",
    dungeon="dungeon cellar prison cell crypt vault catacomb sewer jail basement oubliette torture_chamber",
    space=(
        "space starship spaceship space_station planet galaxy nebula orbit cockpit asteroid cosmos moonbase spacecraft"
    ),
    underwater="underwater undersea seabed coral ocean_floor sunken_city deep_sea kelp abyssal",
    volcano="volcano lava magma caldera hell inferno crater ash_waste",
)


INDOORS = frozenset(["tavern", "library", "throne", "bedroom", "laboratory", "stairs", "cave", "dungeon"])


INSIDE = frozenset(["inside", "interior", "within", "indoor"])


LIGHT = _table(
    dawn="dawn sunrise daybreak first_light early_morning cockcrow",
    morning="morning forenoon breakfast",
    noon="noon midday daylight day sunlit sunny sunshine bright_day high_sun daytime",
    afternoon="afternoon golden_hour late_day sunlight",
    dusk="dusk sunset twilight evening gloaming sundown afterglow vesper",
    night="night nightfall midnight dark darkness starlight starlit starry late_night blackness pitch_dark",
    moonlight="moonlight moonlit moon full_moon moonrise crescent_moon",
    candle=(
        "candle candlelight candlelit lamplight lamplit torchlight torchlit firelight firelit lantern_light "
        "lanternlight hearth hearthlight fireplace gaslight"
    ),
    storm="storm_light stormlight lightning_lit thunderlight eclipse overcast_gloom",
    neon="neon glowing_sign hologram bioluminescent bioluminescence aurora fluorescent",
)


WEATHER = _table(
    clear="clear cloudless fair_weather fine_weather blue_sky dry calm still_air",
    cloudy="cloud cloudy overcast grey_sky clouded",
    rain="rain rainy drizzle downpour shower raining wet_evening sleet",
    storm="storm stormy thunder lightning thunderstorm tempest hurricane gale squall",
    snow="snow snowy snowfall blizzard snowing snowstorm hail flurry frost frosty",
    fog="fog foggy mist misty haze hazy smog murk murky fogbound brume smoke smoky",
    wind="wind windy breeze breezy gust gusty windswept blustery sandstorm dust_storm",
)


MOOD = _table(
    gloomy="gloomy gloom bleak sombre somber dreary melancholy mournful desolate forlorn grim sad",
    cosy="cosy cozy warm homely snug welcoming comfortable inviting friendly",
    eerie="eerie haunted spooky sinister creepy ominous cursed unearthly uncanny ghostly horror dread weird",
    magical="magic magical enchanted mystic mystical arcane fairy fey dream dreamlike ethereal wondrous",
    fierce="battle war fight burning fire blaze fierce violent bloody siege fury",
    calm="peaceful serene quiet tranquil gentle silent",
)


# Colours as pigments: muted enough to sit together in one picture.
COLOUR: dict[str, str] = {
    "red": "#b23a34", "crimson": "#9c2236", "scarlet": "#c33a2b", "ruby": "#a3203f", "maroon": "#6e2430",
    "orange": "#d07a34", "amber": "#d99a3e", "rust": "#a5512a", "copper": "#b4602f", "bronze": "#8f6a38",
    "yellow": "#dbb44c", "gold": "#d3a544", "golden": "#d3a544", "blond": "#d9b56c", "blonde": "#d9b56c",
    "straw": "#cfae66", "sandy": "#c2a070", "green": "#4b7a52", "emerald": "#2f7d5b", "moss": "#66784a",
    "olive": "#6f7140", "teal": "#2f7676", "turquoise": "#3f9a98", "cyan": "#4aa7b5", "blue": "#3e5f9c",
    "azure": "#4a7fbf", "navy": "#26345c", "indigo": "#3a3a78", "sapphire": "#2d4f9e", "purple": "#6b4285",
    "violet": "#7a55a5", "lilac": "#a58ac0", "lavender": "#a394c4", "pink": "#d08a9b", "rose": "#c2667a",
    "magenta": "#a8407f", "brown": "#6e4a30", "chestnut": "#74402a", "auburn": "#8a3f27", "ginger": "#c06a32",
    "tan": "#b08a5c", "beige": "#c8b48e", "cream": "#e4d6b6", "ivory": "#e8dfc8", "white": "#e6e2d8",
    "silver": "#b9bcc4", "grey": "#82858c", "gray": "#82858c", "ash": "#9a9894", "black": "#24222a",
    "brass": "#b8924a", "iron": "#6a6c72", "steel": "#a9b0ba", "wooden": "#7a5230", "leather": "#7b5236",
    "raven": "#1f1c26", "dark": "#2d2830", "jet": "#1d1b22", "ebony": "#2a2020", "pale": "#d8cfc4",
}  # fmt: skip


CREATURE = _table(
    dragon="dragon wyvern drake wyrm serpent",
    wolf="wolf dog hound fox werewolf jackal",
    horse="horse pony steed stallion mare unicorn",
    cat="cat kitten panther tiger lion lynx",
    bird="bird raven crow owl eagle hawk gull seagull falcon raptor",
    ghost="ghost spirit phantom wraith spectre specter",
    deer="deer stag doe elk reindeer",
    bear="bear",
    spider="spider",
)


# Things that can be carried or painted alone. Values are keys of `objects.OBJECTS`.
THING = _table(
    key="key",
    sword="sword blade sabre katana rapier longsword",
    dagger="dagger knife",
    axe="axe hatchet",
    hammer="hammer mallet",
    spear="spear halberd lance pike trident",
    staff="staff wand walking_stick cane sceptre scepter",
    bow="bow longbow crossbow arrow",
    shield="shield buckler",
    helmet="helmet helm",
    amulet="amulet necklace pendant locket talisman charm medallion",
    ring="ring signet",
    coin="coin money doubloon treasure",
    gem="gem jewel crystal diamond gemstone shard orb sphere stone",
    crown="crown tiara diadem circlet",
    book="book tome grimoire diary journal spellbook codex volume",
    letter="letter note envelope parchment message",
    map="map chart scroll",
    chest="chest coffer strongbox casket box",
    potion="potion elixir bottle flask vial phial poison",
    cup="cup goblet chalice mug tankard grail",
    lantern="lantern lamp",
    torch="torch",
    candle="candle candlestick candelabra",
    compass="compass astrolabe watch clock pocket_watch",
    hourglass="hourglass sandglass",
    mirror="mirror looking_glass",
    feather="feather quill",
    flower="flower lily bouquet tulip",
    mask="mask",
    skull="skull bone",
    bag="bag pouch satchel purse backpack",
    rope="rope coil whip",
    lute="lute harp guitar violin flute horn",
    telescope="telescope spyglass",
    rose_="single_rose",
)


# Words every template or checkpoint recipe carries; they say nothing about what is to be seen.
EMPTY = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "with",
        "and",
        "or",
        "by",
        "into",
        "onto",
        "over",
        "under",
        "up",
        "down",
        "near",
        "is",
        "are",
        "was",
        "his",
        "her",
        "its",
        "their",
        "it",
        "he",
        "she",
        "they",
        "as",
        "that",
        "this",
        "there",
        "coming",
        "some",
        "very",
        "wide",
        "shot",
        "cinematic",
        "professional",
        "photography",
        "highly",
        "detailed",
        "8k",
        "4k",
        "hd",
        "photo",
        "photograph",
        "composition",
        "dramatic",
        "lighting",
        "high",
        "quality",
        "character",
        "art",
        "face",
        "portrait",
        "masterpiece",
        "best",
        "ultra",
        "realistic",
        "render",
        "rendering",
        "sharp",
        "focus",
        "digital",
        "painting",
        "illustration",
        "concept",
        "style",
        "background",
        "scene",
        "view",
        "item",
        "object",
        "isolated",
        "studio",
        "establishing",
        "landscape",
        "artstation",
        "trending",
        "depth",
        "field",
        "bokeh",
        "intricate",
        "cinematography",
        "beautiful",
        "stunning",
        "epic",
        "winding",
        "wound",
        "atmospheric",
        "picture",
        "image",
        "close",
        "out",
        "off",
        "one",
    ]
)
