"""The bookkeeping of what came in: acknowledged once, in order of receipt, and never before the host's word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.mqtt.inbound import OVERRUN_FACTOR, Inbound
from bridges.mqtt.packets import PUBACK, PUBCOMP, PUBREC, Ack, Parser, Publish
from bridges.pipeline.memory import Memory
from bridges.tests.link_host import KeepingHost
from bridges.tests.test_decisions import decide, snapshot
from telemetry.values import ArrivalKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def begun(*, receive_maximum: int = 100, most_bytes: int = 1_000_000, is_resumed: bool = False) -> Inbound:
    inbound = Inbound("broker:test", receive_maximum=receive_maximum, most_bytes=most_bytes)
    inbound.begin(is_resumed=is_resumed)
    return inbound


def parsed(wire: bytes) -> list[Ack]:
    return [packet for packet in Parser(is_v5=True).feed(wire) if isinstance(packet, Ack)]


def publish(packet_id: int, qos: int = 1) -> Publish:
    return Publish("t", b"%d" % packet_id, qos, packet_id=packet_id if qos else 0)


@given(st.data())
def test_each_message_is_acknowledged_once_and_in_order_of_receipt(data: st.DataObject) -> None:
    inbound, host = begun(), KeepingHost(acknowledges=False)
    levels = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=30))
    for packet_id, qos in enumerate(levels, start=1):
        inbound.add(publish(packet_id, qos), ("in",), now=NOW)
    inbound.offer(host)
    order = data.draw(st.permutations(host.arrivals))
    twice = data.draw(st.lists(st.sampled_from(host.arrivals), max_size=10))
    answers: list[Ack] = []
    committed: set[int] = set()
    for arrival in [*order[: len(order) // 2], *twice[:5], *order, *twice]:
        committed.add(arrival.packet_id)
        answers += parsed(inbound.acknowledge([arrival]))
        assert {answer.packet_id for answer in answers} <= committed
    expected = [(PUBACK if qos == 1 else PUBREC, n) for n, qos in enumerate(levels, start=1) if qos]
    assert [(answer.kind, answer.packet_id) for answer in answers] == expected
    assert inbound.is_settled


def test_what_is_open_on_an_older_connection_is_never_answered() -> None:
    inbound, host = begun(), KeepingHost(acknowledges=False)
    inbound.add(publish(1), (), now=NOW)
    inbound.add_release(9, now=NOW)
    inbound.offer(host)
    inbound.begin(is_resumed=True)
    inbound.add(publish(1), (), now=NOW)
    inbound.add_release(9, now=NOW)
    assert inbound.acknowledge(host.arrivals) == b""


def test_an_arrival_of_another_link_with_the_same_key_is_never_answered() -> None:
    old, new, host = begun(), begun(), KeepingHost(acknowledges=False)
    old.add(publish(1), (), now=NOW)
    old.offer(host)
    new.add(publish(1), (), now=NOW)
    assert new.acknowledge(host.arrivals) == b""


def test_a_release_is_completed_once() -> None:
    inbound, host = begun(), KeepingHost(acknowledges=False)
    inbound.add_release(9, now=NOW)
    inbound.offer(host)
    assert parsed(inbound.acknowledge(host.arrivals)) == [Ack(PUBCOMP, 9)]
    assert inbound.acknowledge(host.arrivals) == b""


def test_a_release_is_no_message_in_the_count() -> None:
    inbound, host = begun(), KeepingHost()
    inbound.add(publish(1, 2), (), now=NOW)
    inbound.add_release(1, now=NOW)
    inbound.add(publish(2, 2), (), now=NOW)
    inbound.offer(host)
    assert [(one.kind, one.sequence) for one in host.arrivals] == [
        (ArrivalKind.MESSAGE, 1),
        (ArrivalKind.RELEASE, 1),
        (ArrivalKind.MESSAGE, 2),
    ]


def test_what_the_host_has_no_room_for_waits_in_order_and_qos_0_is_dropped_and_counted() -> None:
    inbound, host = begun(), KeepingHost(capacity=1)
    for packet_id, qos in [(1, 1), (2, 0), (3, 2), (4, 0), (5, 1)]:
        inbound.add(publish(packet_id, qos), (), now=NOW)
    inbound.offer(host)
    assert (len(host.arrivals), host.dropped_count, inbound.is_held_up) == (1, 2, True)
    host.capacity = 10
    inbound.offer(host)
    assert host.payloads == [b"1", b"3", b"5"]
    assert host.messages[-1].sequence == 5


def test_what_was_never_taken_is_not_counted_as_received() -> None:
    inbound, host = begun(), KeepingHost(capacity=1)
    for packet_id in (1, 2, 3):
        inbound.add(publish(packet_id), (), now=NOW)
    inbound.offer(host)
    inbound.begin(is_resumed=True)
    host.capacity = 10
    inbound.add(publish(2), (), now=NOW)
    inbound.offer(host)
    assert [one.sequence for one in host.messages] == [1, 2]


def test_a_new_session_is_new_until_the_host_took_something_of_it() -> None:
    inbound, host = begun(is_resumed=False), KeepingHost(capacity=0)
    inbound.begin(is_resumed=True)
    inbound.add(publish(1), (), now=NOW)
    inbound.offer(host)
    inbound.begin(is_resumed=True)
    host.capacity = 10
    inbound.add(publish(1), (), now=NOW)
    inbound.add_release(9, now=NOW)
    inbound.offer(host)
    inbound.begin(is_resumed=True)
    inbound.add(publish(2), (), now=NOW)
    inbound.offer(host)
    assert [one.is_resumed for one in host.arrivals] == [False, False, True]


def test_a_session_that_brought_nothing_before_it_was_resumed_does_let_go_of_packet_ids() -> None:
    inbound, host, memory = begun(is_resumed=True), KeepingHost(), Memory()
    inbound.add(publish(1, 2), (), now=NOW)
    inbound.offer(host)
    decide(snapshot(), host.arrivals[-1], memory=memory)
    inbound.begin(is_resumed=False)  # the broker has forgotten the packet id that we hold
    inbound.begin(is_resumed=True)
    inbound.add(publish(1, 2), (), now=NOW)
    inbound.offer(host)
    batch = decide(snapshot(), host.arrivals[-1], memory=memory)
    assert (len(batch.messages), batch.ledger.total()) == (1, 2)


def test_a_broker_that_runs_far_ahead_is_an_overrun_and_qos_0_still_comes_in() -> None:
    inbound, host = begun(receive_maximum=1, most_bytes=1), KeepingHost(acknowledges=False)
    for packet_id in range(1, OVERRUN_FACTOR + 1):
        inbound.add(publish(packet_id), (), now=NOW)
    was_overrun = inbound.is_overrun
    inbound.add(publish(99), (), now=NOW)
    inbound.add(publish(0, 0), (), now=NOW)
    inbound.offer(host)
    assert (was_overrun, inbound.is_overrun) == (False, True)
    assert len(host.messages) == OVERRUN_FACTOR + 1
    assert host.messages[-1].qos == 0


def test_running_ahead_with_few_bytes_or_few_messages_is_borne() -> None:
    for receive_maximum, most_bytes in ((1, 10_000), (100, 1)):
        inbound, host = begun(receive_maximum=receive_maximum, most_bytes=most_bytes), KeepingHost(acknowledges=False)
        for packet_id in range(1, 1_000):
            inbound.add(publish(packet_id), (), now=NOW)
        inbound.offer(host)
        assert not inbound.is_overrun
        assert len(host.messages) == 999


def test_bytes_that_were_acknowledged_no_longer_count() -> None:
    inbound, host = begun(receive_maximum=1, most_bytes=1), KeepingHost(acknowledges=False)
    for packet_id in range(1, 5 * OVERRUN_FACTOR):
        inbound.add(publish(packet_id), (), now=NOW)
        inbound.offer(host)
        inbound.acknowledge(host.messages[-1:])
    assert not inbound.is_overrun


def test_many_that_were_held_up_come_in_order_before_the_newer_ones() -> None:
    inbound, host = begun(receive_maximum=5_000), KeepingHost(capacity=0)
    for packet_id in range(1, 1_202):
        inbound.add(publish(packet_id), (), now=NOW)
    inbound.offer(host)
    assert inbound.is_held_up
    host.capacity = 1_202
    inbound.add(publish(1_202), (), now=NOW)
    inbound.offer(host)
    assert [one.packet_id for one in host.messages] == list(range(1, 1_203))
    assert not inbound.is_held_up


def test_a_packet_id_in_use_without_dup_is_another_message_and_both_are_acknowledged() -> None:
    inbound, host = begun(), KeepingHost(acknowledges=False)
    for payload in (b"old", b"new"):
        inbound.add(Publish("t", payload, 1, packet_id=7), (), now=NOW)
    inbound.add(Publish("t", b"old", 1, dup=True, packet_id=7), (), now=NOW)
    inbound.offer(host)
    assert host.payloads == [b"old", b"new"]
    assert [ack.packet_id for ack in parsed(inbound.acknowledge(host.messages))] == [7, 7]
    assert inbound.is_settled
    inbound.add(Publish("t", b"next", 1, dup=True, packet_id=7), (), now=NOW)
    inbound.offer(host)
    assert host.payloads[-1] == b"next"


def test_a_packet_id_in_use_at_qos_2_is_always_a_repetition() -> None:
    inbound, host = begun(), KeepingHost(acknowledges=False)
    for payload in (b"old", b"new"):
        inbound.add(Publish("t", payload, 2, packet_id=7), (), now=NOW)
    inbound.offer(host)
    assert host.payloads == [b"old"]


def test_too_many_messages_are_an_overrun_however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridges.mqtt.inbound.MAX_UNACKNOWLEDGED", 50)
    inbound = begun(receive_maximum=1)
    for packet_id in range(1, 51):
        inbound.add(publish(packet_id), (), now=NOW)
    assert not inbound.is_overrun
    inbound.add(publish(51), (), now=NOW)
    assert inbound.is_overrun
