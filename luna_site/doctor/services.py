"""Database, channel layer, Valkey, task clusters, ticker."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from datetime import timedelta

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from redis.exceptions import RedisError

from compute.models import Worker
from compute.services.keeper import draining
from luna_site.doctor.findings import Check, Finding, fail, ok, warn

START = "start LUNA with `make run`"
ROUND_TRIP_LIMIT_S = 5.0
# The supervisor and the ticker ping each cluster every 5 s.
PING_AGE_MOST_S = 30.0
# Due work older than this shows that nobody does it; the ticker looks twice a second.
DUE_LIMIT = timedelta(seconds=15)
CLUSTERS = ("runners", "tasks")
_AWAY = (DatabaseError, OSError)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, else its kind."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def database() -> list[Finding]:
    """Reachable, and with every table."""
    given = bool(os.environ.get("DATABASE_URL", "").strip())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), pg_database_size(current_database())")
            row = cursor.fetchone()
    except _AWAY as error:
        advice = f"see that the server of DATABASE_URL runs, or unset it and {START}" if given else START
        return [fail("database", first_line(error), advice)]
    version, size_bytes = row if row is not None else ("?", 0)
    kind = "of DATABASE_URL" if given else "embedded"
    found = [ok("database", f"PostgreSQL {version} ({kind}), {size_bytes / 2**20:.0f} MB")]
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return [*found, ok("migrations", "all applied")]
    names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3])
    more = f" and {len(plan) - 3} more" if len(plan) > 3 else ""
    return [*found, fail("migrations", f"not applied: {names}{more}", "python manage.py migrate")]


def valkey() -> list[Finding]:
    """A value can be written and read."""
    key, value = f"luna:doctor:{os.getpid()}", secrets.token_hex(4)
    started = time.perf_counter()
    try:
        cache.set(key, value, timeout=30)
        same = cache.get(key) == value
        cache.delete(key)
    except (RedisError, OSError) as error:
        return [fail("valkey", first_line(error), _valkey_advice())]
    if not same:
        return [fail("valkey", "a value written was not read back", "see that it is not out of memory")]
    return [ok("valkey", f"answers in {(time.perf_counter() - started) * 1000:.1f} ms")]


def _valkey_advice() -> str:
    if os.environ.get("REDIS_URL", "").strip():
        return f"see that the server of REDIS_URL runs, or unset it and {START}"
    return START


def channel_layer() -> list[Finding]:
    """A message sent arrives: without that no browser hears of anything."""
    started = time.perf_counter()
    try:
        arrived = async_to_sync(_round_trip)()
    except TimeoutError:
        return [fail("channel layer", f"a message did not arrive within {ROUND_TRIP_LIMIT_S:.0f} s", _valkey_advice())]
    except (RedisError, OSError) as error:
        return [fail("channel layer", first_line(error), _valkey_advice())]
    if not arrived:
        return [fail("channel layer", "there is none", "mend CHANNEL_LAYERS in the settings")]
    return [ok("channel layer", f"a message went round in {(time.perf_counter() - started) * 1000:.1f} ms")]


async def _round_trip() -> bool:
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        async with asyncio.timeout(ROUND_TRIP_LIMIT_S):
            name = await layer.new_channel()
            await layer.send(name, {"type": "doctor.hello"})
            await layer.receive(name)
    finally:
        await layer.close_pools()
    return True


def clusters() -> list[Finding]:
    """Each task cluster has lately run the task that says so."""
    found = []
    for name in CLUSTERS:
        what = f"task cluster {name}"
        try:
            mark = cache.get(f"luna:ping:{name}")
        except (RedisError, OSError) as error:
            found.append(fail(what, f"not known, Valkey does not answer ({first_line(error)})", _valkey_advice()))
            continue
        age_s = None if mark is None else max(0.0, time.time() - float(mark))
        if age_s is None:
            found.append(fail(what, "has never run a task", START))
        elif age_s > PING_AGE_MOST_S:
            advice = f"{START}; if it runs, read {settings.DATA_DIR / 'logs' / f'{name}.log'}"
            found.append(fail(what, f"last ran a task {_ago(age_s)} ago", advice))
        else:
            found.append(ok(what, f"ran a task {age_s:.0f} s ago"))
    if draining():
        found.append(warn("task clusters", "LUNA on this host is stopping, nothing new is taken", START))
    return found


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def ticker() -> list[Finding]:
    """The ticker leaves a trace where it matters: no probe of a worker stays due."""
    try:
        enabled = Worker.objects.filter(kind=Worker.Kind.MANAGED, enabled=True, next_probe_at__isnull=False)
        oldest = enabled.order_by("next_probe_at").values_list("name", "next_probe_at").first()
    except _AWAY as error:
        return [fail("ticker", f"not known, the database does not answer ({first_line(error)})", START)]
    if oldest is None or oldest[1] is None:
        return [warn("ticker", "not known: no worker is switched on, so it has nothing to look at", "add a worker")]
    name, late = oldest[0], timezone.now() - oldest[1]
    if late > DUE_LIMIT:
        detail = f"{name} should have been looked at {_ago(late.total_seconds())} ago"
        return [fail("ticker", detail, f"{START}, or `python manage.py tick` on one host")]
    return [ok("ticker", "does what is due")]


CHECKS = [
    Check("database", database),
    Check("valkey", valkey),
    Check("channel layer", channel_layer),
    Check("task clusters", clusters),
    Check("ticker", ticker),
]
