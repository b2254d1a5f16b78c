"""Two workers share the links: each link is held by one, and goes to the other when that one ends, dies or freezes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.load import Load
from hub.tests.system.processes import HubProcess
from hub.tests.system.questions import count_messages, holder_pid, payloads, wait_until_connected, wait_until_held
from hub.tests.system.waiting import loaded, wait_for
from hub.tests.system.world import World
from simulators.pseudo_terminal import PseudoTerminal

LINKS = ("broker:plant", "broker:meters", "device:scale")
NAMES = ("worker", "second")


def configuration(world: World) -> str:
    """Three links, and a load that must be taken exactly once."""
    return f"""
version: 1
brokers:
{world.broker_lines("plant")}
{world.broker_lines("meters")}
devices:
  - {{name: scale, driver: lines, port: {world.port("scale")}}}
topics:
  - {{name: load, broker: plant, direction: in, filter: "load/#", qos: 2, codec: text}}
"""


@pytest.fixture(scope="module")
def scale(world: World) -> PseudoTerminal:
    return world.wire("scale")


@pytest.fixture(scope="module")
def running(world: World, scale: PseudoTerminal) -> World:
    """The configured world, without a worker."""
    world.hub.configure(configuration(world))
    return world


@pytest.fixture(autouse=True)
def two_workers(running: World) -> Iterator[None]:
    """Both run before each test; afterwards every link stands, the port is open once, and the ledger balances."""
    for name in NAMES:
        process = running.hub.processes.get(name)
        if process is None or not process.is_running:
            running.hub.start_worker(name)
    for name in NAMES:
        wait_for(lambda name=name: _is_up(running, name), within_s=60, what=f"{name} is up")  # type: ignore[misc]
    wait_until_connected(running.database, *LINKS, within_s=60)
    yield
    wait_until_connected(running.database, *LINKS, within_s=60)
    wait_for(lambda: len(_openers(running)) == 1, what="the port is open in one worker")
    assert_ledger_balances(running.database)


def _is_up(running: World, name: str) -> bool:
    process = running.hub.processes[name]
    assert process.is_running, process.said()
    return any(f"[{process.pid}] {name}@" in line and line.endswith("ready.") for line in process.said().splitlines())


def _workers(running: World) -> dict[int, HubProcess]:
    found = [running.hub.processes[name] for name in NAMES]
    return {process.pid: process for process in found if process.is_running}


def _holder_and_other(running: World, key: str) -> tuple[HubProcess, HubProcess]:
    workers = _workers(running)
    holder = workers.pop(holder_pid(running.database, key))
    return holder, next(iter(workers.values()))


def _openers(running: World) -> list[int]:
    """The workers that have the scale's port open."""
    terminal = running.port("scale").readlink()
    return [
        pid
        for pid in _workers(running)
        if any(handle.is_symlink() and handle.readlink() == terminal for handle in Path(f"/proc/{pid}/fd").iterdir())
    ]


@contextmanager
def _frozen(running: World, process: HubProcess, *, in_transaction: bool) -> Iterator[None]:
    """Stop it from going on, in the middle of a transaction or between two."""
    for _ in range(500):
        process.freeze()
        if running.database.is_in_transaction() == in_transaction:
            break
        process.send(signal.SIGCONT)
    else:
        raise AssertionError("there was no such moment")
    try:
        yield
    finally:
        process.send(signal.SIGCONT)


def test_links_of_a_killed_worker_are_taken_over_at_once(running: World) -> None:
    holder, other = _holder_and_other(running, "broker:plant")
    with Load(running.peer(running.plant), "load/kill", qos=2, count=1000, per_s=250) as load:
        wait_for(lambda: count_messages(running.database, "broker:plant", "load/kill") >= 100)
        holder.kill()
        wait_until_held(running.database, other.pid, *LINKS, within_s=loaded(5.0))
        load.wait_until_confirmed()
        _wait_until_all_stored(running, load, "load/kill")


def test_a_port_is_open_only_in_the_worker_that_holds_its_lease(running: World, scale: PseudoTerminal) -> None:
    holder, other = _holder_and_other(running, "device:scale")
    assert _openers(running) == [holder.pid]
    holder.kill()
    wait_until_held(running.database, other.pid, "device:scale", within_s=loaded(5.0))
    wait_for(lambda: _openers(running) == [other.pid], what="the port is open in the other")
    scale.write(b"after the takeover\r\n")
    wait_for(lambda: b"after the takeover" in payloads(running.database, "device:scale"), what="the line is stored")


def test_a_worker_that_is_asked_to_end_hands_over_at_once(running: World) -> None:
    holder, other = _holder_and_other(running, "broker:plant")
    with Load(running.peer(running.plant), "load/term", qos=2, count=1000, per_s=250) as load:
        wait_for(lambda: count_messages(running.database, "broker:plant", "load/term") >= 100)
        assert holder.terminate() < loaded(10.0)
        ended_at = monotonic()
        assert holder.wait(1) == 0
        wait_until_held(running.database, other.pid, *LINKS, within_s=loaded(3.0))
        assert monotonic() - ended_at < loaded(3.0)
        load.wait_until_confirmed()
        _wait_until_all_stored(running, load, "load/term")


def test_a_frozen_worker_loses_its_brokers_keeps_its_port_and_commits_nothing_twice(
    running: World, scale: PseudoTerminal
) -> None:
    holder, other = _holder_and_other(running, "device:scale")
    if holder_pid(running.database, "broker:plant") == other.pid:
        other.kill()
        wait_until_held(running.database, holder.pid, *LINKS, within_s=loaded(10.0))
        other.start()
    with Load(running.peer(running.plant), "load/freeze", qos=2, count=3000, per_s=120) as load:
        wait_for(lambda: count_messages(running.database, "broker:plant", "load/freeze") >= 100)
        # Only PostgreSQL can take the locks of a process away: SQLite waits for it, on the one host that it is for.
        with _frozen(running, holder, in_transaction=running.database.name == "postgresql"):
            wait_until_held(running.database, other.pid, "broker:plant", within_s=60)
            assert _openers(running) == [holder.pid]
            wait_for(lambda: count_messages(running.database, "broker:plant", "load/freeze") >= 1000, within_s=60)
        load.wait_until_confirmed()
        _wait_until_all_stored(running, load, "load/freeze")
    scale.write(b"after the thaw\r\n")
    wait_for(lambda: b"after the thaw" in payloads(running.database, "device:scale"), what="the line is stored")


def _wait_until_all_stored(running: World, load: Load, topic: str) -> None:
    """All of it, once, in order."""
    database = running.database
    wait_for(lambda: count_messages(database, "broker:plant", topic) == load.count, within_s=60, what="all is stored")
    assert payloads(database, "broker:plant", topic=topic) == load.payloads
