"""The services of the test run itself."""

from __future__ import annotations

import os

import psycopg
import redis


def test_postgresql_has_the_extensions() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        names = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        trigrams = connection.execute("SELECT show_trgm('Лес')").fetchone()
    assert {"pg_trgm", "unaccent", "citext", "btree_gin", "vector"} <= names
    assert trigrams is not None
    assert len(trigrams[0]) == 4


def test_valkey_answers() -> None:
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
