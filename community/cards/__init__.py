"""LUNA asset cards: pictures that carry their own description. No Django here, and no database.

Format: docs/asset-card.md and asset-card-1.0.schema.json.
"""

from community.cards.card import (
    CONTENT_TYPES,
    DEFAULT_LICENSE,
    FORMAT_VERSION,
    KEYWORD,
    MAX_CARD_BYTES,
    REQUIRED,
    Card,
    build_card,
    canonical_json,
    card_hash,
    check_card,
    normalise_card,
    parse_card,
    validate_card,
)
from community.cards.disclosure import ALGORITHMIC_MEDIA, TRAINED_MEDIA, parameters_text, source_type, xmp_packet
from community.cards.embed import embed_card, extract_card, to_png_card
from community.cards.errors import InvalidCard
from community.cards.metadata import AssetCardMetadata
from community.cards.png import MAX_FILE_BYTES, Chunk, Png, read_png, read_text

__all__ = [
    "ALGORITHMIC_MEDIA",
    "CONTENT_TYPES",
    "DEFAULT_LICENSE",
    "FORMAT_VERSION",
    "KEYWORD",
    "MAX_CARD_BYTES",
    "MAX_FILE_BYTES",
    "REQUIRED",
    "TRAINED_MEDIA",
    "AssetCardMetadata",
    "Card",
    "Chunk",
    "InvalidCard",
    "Png",
    "build_card",
    "canonical_json",
    "card_hash",
    "check_card",
    "embed_card",
    "extract_card",
    "normalise_card",
    "parameters_text",
    "parse_card",
    "read_png",
    "read_text",
    "source_type",
    "to_png_card",
    "validate_card",
    "xmp_packet",
]
