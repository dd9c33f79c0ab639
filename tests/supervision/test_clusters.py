"""When a task cluster counts as unwell."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from luna_site.supervisor.clusters import ClusterPing

BUSY = ["qcluster Process-1:1 processing a_task 'compute.tasks.run_slot'"]
IDLE = [*BUSY, "qcluster Process-1:2 idle"]


@dataclass
class World:
    """A clock, a broker and a cluster that answers pings as long as it `works`."""

    now: float = 1000.0
    works: bool = True
    broker: bool = True
    titles: list[str] = field(default_factory=lambda: IDLE)
    mark: float | None = None
    sent: int = 0

    def send(self, name: str) -> None:
        if not self.broker:
            raise RedisConnectionError("connection refused")
        self.sent += 1
        if self.works:
            self.mark = self.now

    def pass_time(self, ping: ClusterPing, seconds: int, *, pid: int = 7) -> str | None:
        for _ in range(seconds):
            self.now += 1.0
            complaint = ping(pid)
            if complaint:
                return complaint
        return None


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ping(world: World) -> ClusterPing:
    return ClusterPing(
        "tasks",
        send=world.send,
        answered_at=lambda name: world.mark,
        titles=lambda pid: world.titles,
        now=lambda: world.now,
    )


def test_a_cluster_that_answers_is_well(world: World, ping: ClusterPing) -> None:
    assert world.pass_time(ping, 300) is None
    assert 50 <= world.sent <= 61


def test_an_idle_cluster_that_answers_no_ping_for_20_s_is_unwell(world: World, ping: ClusterPing) -> None:
    assert world.pass_time(ping, 60) is None
    world.works = False
    assert world.pass_time(ping, 18) is None
    assert "although a process is idle" in (world.pass_time(ping, 12) or "")


def test_a_cluster_whose_processes_are_all_busy_is_left_alone(world: World, ping: ClusterPing) -> None:
    world.works, world.titles = False, BUSY
    assert world.pass_time(ping, 3600) is None


def test_a_process_that_is_idle_for_a_moment_between_two_tasks_is_no_proof(world: World, ping: ClusterPing) -> None:
    world.works, world.titles = False, BUSY
    assert world.pass_time(ping, 60) is None
    for _ in range(10):
        world.titles = IDLE
        assert world.pass_time(ping, 2) is None
        world.titles = BUSY
        assert world.pass_time(ping, 1) is None


def test_a_broker_that_is_down_is_not_the_clusters_fault(world: World, ping: ClusterPing) -> None:
    world.works = world.broker = False
    assert world.pass_time(ping, 120) is None
    world.broker = True
    assert world.pass_time(ping, 18) is None
    assert world.pass_time(ping, 12) is not None


def test_a_restarted_cluster_is_given_its_time_anew(world: World, ping: ClusterPing) -> None:
    world.works = False
    assert world.pass_time(ping, 40) is not None
    assert world.pass_time(ping, 18, pid=8) is None
