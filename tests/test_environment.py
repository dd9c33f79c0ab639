"""Settings from the environment: what they make of a server that does not answer."""

from __future__ import annotations

import socket

import pytest
import redis

from luna_site.settings.env import bounded_redis_url


@pytest.mark.parametrize("query", ["", "?db=1"])
def test_a_valkey_that_accepts_and_never_answers_is_an_error(query):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = bounded_redis_url(f"redis://127.0.0.1:{silent.getsockname()[1]}/0{query}")
        with redis.Redis.from_url(url) as client, pytest.raises(redis.TimeoutError):
            client.ping()


def test_a_limit_that_the_operator_wrote_stays():
    assert bounded_redis_url("redis://v:6379/0?socket_timeout=9") == "redis://v:6379/0?socket_timeout=9"
