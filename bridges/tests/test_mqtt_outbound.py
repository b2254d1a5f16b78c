"""The bookkeeping of what goes out: one Outcome for each Outgoing, whatever the broker and the network do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.mqtt.outbound import MAX_QOS2_IN_FLIGHT, Outbound
from bridges.mqtt.packet_ids import QOS2_IDS, PacketIds
from bridges.mqtt.packets import PUBACK, PUBCOMP, PUBREC, PUBREL, Ack, Parser, Publish
from bridges.mqtt.settings import ServerLimits
from bridges.tests.mqtt_links import outgoing
from telemetry.backoff import Backoff
from telemetry.values import Outcome, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Wire:
    """An Outbound, and the other end of its stream."""

    def __init__(self) -> None:
        self.outbound = Outbound(PacketIds(), is_v5=True, busy=Backoff(draw=lambda: 0.0))
        self.outcomes: list[Outcome] = []
        self.tick = 100.0
        self.begin()

    def begin(self, limits: ServerLimits | None = None) -> None:
        self.position = 0
        self.parser = Parser(is_v5=True)
        self.outbound.begin(limits or ServerLimits())

    def pump(self, *, is_written: bool = True) -> list[Publish | Ack]:
        wire = bytearray()
        self.tick += 100.0
        self.outbound.pump(wire.extend, self.position, unsent=0, now=NOW, tick=self.tick)
        self.position += len(wire)
        if is_written:
            self.outbound.note_written(self.position)
        self.collect()
        return [packet for packet in self.parser.feed(bytes(wire)) if isinstance(packet, (Publish, Ack))]

    def end(self, *, is_abnormal: bool = True, sent: int | None = None) -> None:
        sent_bytes = self.position if sent is None else sent
        self.outbound.end(is_abnormal=is_abnormal, sent_bytes=sent_bytes, reason="it broke")
        self.collect()

    def collect(self) -> None:
        self.outcomes += self.outbound.outcomes
        self.outbound.outcomes = []

    def publishes(self) -> list[Publish]:
        return [packet for packet in self.pump() if isinstance(packet, Publish)]


actions = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, 2), st.integers(1, 30)),
        st.tuples(st.just("answer"), st.integers(0, 50), st.sampled_from([0, 0, 0, 0x10, 0x87, 0x97])),
        st.tuples(st.just("break"), st.booleans(), st.integers(0, 5_000)),
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(actions, st.integers(1, 30))
def test_every_outgoing_gets_one_outcome_and_no_id_is_used_twice_at_once(
    plan: list[tuple[str, int, int]], receive_maximum: int
) -> None:
    wire = Wire()
    limits = ServerLimits(receive_maximum=receive_maximum)
    accepted, number = 0, 0
    open_ids: dict[int, int] = {}  # packet id: QoS, what a broker would still answer
    released: set[int] = set()

    def pump() -> None:
        for packet in wire.pump():
            if isinstance(packet, Publish) and packet.qos:
                assert packet.packet_id not in open_ids or packet.dup
                open_ids[packet.packet_id] = packet.qos
                assert len(open_ids) <= receive_maximum
                assert sum(qos == 2 for qos in open_ids.values()) <= MAX_QOS2_IN_FLIGHT
            elif isinstance(packet, Ack) and packet.packet_id in open_ids:
                released.add(packet.packet_id)

    wire.end(is_abnormal=False)
    wire.begin(limits)
    for action, first, second in plan:
        if action == "send":
            items = [outgoing(number + one, qos=first) for one in range(second)]
            number, accepted = number + second, accepted + second
            wire.outbound.accept(items)
        elif action == "answer" and open_ids:
            packet_id = list(open_ids)[first % len(open_ids)]
            if open_ids[packet_id] == 1:
                wire.outbound.take_ack(Ack(PUBACK, packet_id, second))
                del open_ids[packet_id]
            elif packet_id in released:
                wire.outbound.take_ack(Ack(PUBCOMP, packet_id))
                del open_ids[packet_id]
                released.discard(packet_id)
            else:
                wire.outbound.take_ack(Ack(PUBREC, packet_id, second))
                if second >= 0x80:
                    del open_ids[packet_id]
        elif action == "break":
            wire.end(sent=min(second, wire.position))
            open_ids.clear()
            released.clear()
            wire.begin(ServerLimits(receive_maximum=receive_maximum, is_resumed=bool(first)))
            # On a resumed session the PUBRELs for what was released come first.
            for packet in wire.pump():
                if isinstance(packet, Ack) and packet.kind == PUBREL and packet.packet_id in _flights(wire):
                    open_ids[packet.packet_id] = 2
                    released.add(packet.packet_id)
                elif isinstance(packet, Publish) and packet.qos:
                    open_ids[packet.packet_id] = packet.qos
        pump()
    wire.end()
    wire.outbound.give_up("the end")
    wire.collect()
    assert wire.outbound.held == 0
    assert Counter(outcome.id for outcome in wire.outcomes) == Counter(UUID(int=one) for one in range(accepted))


def _flights(wire: Wire) -> dict[int, object]:
    return dict(wire.outbound._flights)


def test_qos_0_is_delivered_only_when_its_last_byte_is_written() -> None:
    wire = Wire()
    wire.outbound.accept([outgoing(1, qos=0), outgoing(2, qos=0)])
    wire.pump(is_written=False)
    wire.outbound.note_written(wire.position - 1)
    wire.collect()
    assert [outcome.id for outcome in wire.outcomes] == [UUID(int=1)]
    wire.end(sent=wire.position - 1)
    assert [(one.verdict, one.is_abnormal) for one in wire.outcomes[1:]] == [(Verdict.RETURNED, True)]


def test_what_never_left_this_side_is_not_blamed_for_an_abnormal_end() -> None:
    wire = Wire()
    wire.outbound.accept([outgoing(1), outgoing(2)])
    wire.pump()
    wire.end(sent=1)
    assert [one.is_abnormal for one in wire.outcomes] == [True, False]


def test_after_an_abnormal_end_messages_go_one_at_a_time_until_they_are_confirmed() -> None:
    wire = Wire()
    wire.outbound.accept([outgoing(1)])
    wire.pump()
    wire.end()
    wire.begin()
    wire.outbound.accept([outgoing(number) for number in range(10)])
    counts = []
    while publishes := wire.publishes():
        counts.append(len(publishes))
        for publish in publishes:
            wire.outbound.take_ack(Ack(PUBACK, publish.packet_id))
    assert counts == [1, 2, 4, 3]


def test_after_a_planned_end_messages_go_at_once() -> None:
    wire = Wire()
    wire.end(is_abnormal=False)
    wire.begin()
    wire.outbound.accept([outgoing(number) for number in range(10)])
    assert len(wire.publishes()) == 10


def test_no_more_than_twenty_qos_2_messages_are_in_flight() -> None:
    wire = Wire()
    wire.outbound.accept([outgoing(number, qos=2) for number in range(50)])
    first = wire.publishes()
    assert len(first) == MAX_QOS2_IN_FLIGHT
    assert {publish.packet_id for publish in first} <= set(QOS2_IDS)
    wire.outbound.take_ack(Ack(PUBREC, first[0].packet_id))
    assert wire.publishes() == []
    wire.outbound.take_ack(Ack(PUBCOMP, first[0].packet_id))
    assert len(wire.publishes()) == 1


def test_an_unknown_pubrec_is_answered() -> None:
    wire = Wire()
    wire.outbound.take_ack(Ack(PUBREC, 500))
    assert wire.pump() == [Ack(PUBREL, 500, 0x92)]


def test_a_pubcomp_before_the_pubrec_confirms_nothing() -> None:
    wire = Wire()
    wire.outbound.accept([outgoing(1, qos=2)])
    packet_id = wire.publishes()[0].packet_id
    wire.outbound.take_ack(Ack(PUBCOMP, packet_id))
    wire.collect()
    assert wire.outcomes == []


def test_a_busy_answer_pauses_new_messages_and_is_handed_in_after_the_pause() -> None:
    wire = Wire()
    wire.outbound._busy = Backoff(base_s=1_000, cap_s=1_000, draw=lambda: 1.0)
    wire.outbound.accept([outgoing(1)])
    wire.outbound.take_ack(Ack(PUBACK, wire.publishes()[0].packet_id, 0x97))
    wire.outbound.accept([outgoing(2)])
    assert wire.publishes() == []
    assert wire.outcomes == []
    wire.tick += 1_000
    assert [publish.payload for publish in wire.publishes()] == [b"2"]
    assert [one.verdict for one in wire.outcomes] == [Verdict.RETURNED]


def test_ids_go_round_without_hitting_one_in_use() -> None:
    ids = PacketIds(draw=lambda low, high: high - 1)
    first = ids.take()
    seen = {first} | {ids.take() for _ in range(200)}
    assert len(seen) == 201
    assert min(seen) > QOS2_IDS[-1]
    for _ in range(65_535 - 33 - 200):
        ids.give_back(ids.take())
    assert ids.take() not in seen
