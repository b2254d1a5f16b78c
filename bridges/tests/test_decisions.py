"""Decisions about arrivals: duplicates, dead letters, rules, outputs and the counting of them. No database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from bridges.codecs.base import Codec, Incoming
from bridges.pipeline.decisions import Decider
from bridges.pipeline.flushing import Flusher
from bridges.pipeline.memory import Echo, Memory, Recent, mark_of
from bridges.pipeline.snapshot import ActiveRule, InTopic, PublishAction, Snapshot, WriteAction
from bridges.rules.address import AddressTemplate
from bridges.rules.rule import CompiledRule
from telemetry.ids import new_id
from telemetry.recording.batch import Batch
from telemetry.values import PACKETS, Arrival, ArrivalKind, Decoded, DecodeFault, Json, Reading

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LINK = "broker:plant"


class JsonDouble(Codec):
    """A codec as simple as a test needs it."""

    name = "double"
    label = "double"

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        try:
            value = json.loads(incoming.payload)
        except ValueError as fault:
            raise DecodeFault("not JSON") from fault
        if value == "crash":
            raise RuntimeError("a bug")
        numbers = {k: float(v) for k, v in value.items() if isinstance(v, int | float)}
        readings = tuple(Reading(name, number) for name, number in numbers.items())
        return state, [Decoded(value, readings, device=str(value.get("id", "")))]


class CountingDouble(Codec):
    """A codec that remembers: it gives out a value every second payload."""

    name = "counting"
    label = "counting"
    is_stateful = True

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        seen = (state or 0) + 1
        return (0, [Decoded({"seen": seen})]) if seen == 2 else (seen, [])

    def flush(self, state: Json, now: datetime) -> tuple[Json, Sequence[Decoded]]:
        return 0, [Decoded({"late": state})] if state else []


def publish(address: str = "out/{device}", target: str = "broker:central") -> PublishAction:
    return PublishAction("central", target, AddressTemplate(address), 1, False)


def rule(
    number: int = 1,
    *,
    condition: str = "",
    transform: Mapping[str, str] | None = None,
    actions: Sequence[PublishAction | WriteAction] | None = None,
) -> ActiveRule:
    compiled = CompiledRule(f"rule {number}", 1, condition, transform)
    return ActiveRule(number, compiled, tuple(actions if actions is not None else [publish()]))


def snapshot(*rules: ActiveRule, codec: Codec | None = None) -> Snapshot:
    return Snapshot(
        version=1,
        instance="me",
        topics={"in": InTopic("in", codec or JsonDouble())},
        packets=JsonDouble(),
        rules_by_topic={"in": rules},
        rules_by_packets=rules,
    )


_sequences = count(1)


def arrival(payload: Any = None, **fields: Any) -> Arrival:
    body = payload if isinstance(payload, bytes) else json.dumps(payload or {"id": "m1", "t": 21.5}).encode()
    values: dict[str, Any] = {
        "link": LINK,
        "payload": body,
        "received_at": NOW,
        "sequence": next(_sequences),
        "topic": "a/b",
        "topics": ("in",),
        "qos": 1,
        "packet_id": 5,
        "connection": 1,
    }
    return Arrival(**(values | fields))


def decide(config: Snapshot, *arrivals: Arrival, memory: Memory | None = None) -> Batch:
    memory = memory or Memory()
    first = arrivals[0]
    memory.link(first.link).sequence = first.sequence - 1
    decider = Decider(config, memory, now=NOW, new_id=new_id)
    batch = decider.decide_all(arrivals)
    memory.apply(decider.changes)
    return batch


def counts(batch: Batch, link: str = LINK) -> dict[str, int]:
    return {key.column: count for key, count in batch.ledger.items() if key.link == link}


def test_a_message_becomes_a_row_with_readings_and_a_delivery() -> None:
    batch = decide(snapshot(rule(transform={"id": "device", "v": "readings.t"})), arrival())
    (message,), (reading,), (delivery,) = batch.messages, batch.readings, batch.deliveries
    assert (message.device, message.topic_name, reading.metric, reading.value) == ("m1", "in", "t", 21.5)
    assert (delivery.address, delivery.payload, delivery.state) == ("out/m1", b'{"id":"m1","v":21.5}', "waiting")


def test_without_a_transform_the_payload_passes_byte_for_byte() -> None:
    payload = b'{ "id" : "m1",  "t": 1.50 }'
    assert decide(snapshot(rule()), arrival(payload)).deliveries[0].payload == payload


def test_a_condition_that_does_not_hold_sends_nothing_and_is_counted() -> None:
    batch = decide(snapshot(rule(condition="readings.t > 30.0")), arrival())
    assert batch.deliveries == []
    assert batch.rule_counts == {("rule 1", "unmatched"): 1}


def test_a_missing_key_is_no_match_and_no_error() -> None:
    batch = decide(snapshot(rule(condition="readings.nope > 30.0")), arrival())
    assert batch.rule_counts == {("rule 1", "missing"): 1}
    assert batch.dead_letters == []


def test_a_rule_that_fails_leaves_a_dead_letter_and_other_rules_go_on() -> None:
    batch = decide(snapshot(rule(1, condition="payload.id > 1"), rule(2)), arrival())
    (letter,) = batch.dead_letters
    assert (letter.stage, letter.rule, letter.rule_version) == ("rule", "rule 1", 1)
    assert [d.rule for d in batch.deliveries] == ["rule 2"]


def test_a_payload_that_cannot_be_decoded_is_stored_as_a_dead_letter() -> None:
    batch = decide(snapshot(rule()), arrival(b"\xff"), arrival())
    assert [m.fault for m in batch.messages] == ["not JSON", ""]
    assert [letter.stage for letter in batch.dead_letters] == ["decode"]
    assert counts(batch) == {"received": 2, "dead": 1, "stored": 1}


def test_a_codec_with_a_bug_costs_only_its_own_message() -> None:
    batch = decide(snapshot(rule()), arrival("crash"), arrival())
    assert "RuntimeError" in batch.messages[0].fault
    assert len(batch.deliveries) == 1


def test_a_payload_over_the_limit_is_not_decoded() -> None:
    batch = decide(snapshot(), arrival(b"x" * 1_000_001))
    assert "more than the limit" in batch.messages[0].fault


def test_a_fault_of_the_link_is_a_dead_letter() -> None:
    batch = decide(snapshot(), arrival(device="scale", properties={"fault": "a line without end"}))
    assert batch.messages[0].fault == "a line without end"


def test_a_device_id_with_a_wildcard_dead_letters_only_its_delivery() -> None:
    batch = decide(snapshot(rule()), arrival({"id": "a#b"}))
    (delivery,) = batch.deliveries
    assert (delivery.state, delivery.address) == ("dead", "")
    assert "device" in delivery.reason
    assert counts(batch, "broker:central") == {"created": 1, "refused": 1}
    assert batch.messages[0].fault == ""


def test_qos_2_sent_again_before_its_release_is_not_stored_twice() -> None:
    batch = decide(snapshot(rule()), arrival(qos=2), arrival(qos=2, dup=True))
    assert len(batch.messages) == len(batch.deliveries) == 1
    assert counts(batch) == {"received": 2, "stored": 1, "duplicate": 1}


def test_a_released_packet_id_may_be_used_again() -> None:
    first, again = arrival(qos=2), arrival(qos=2)
    release = replace(first, kind=ArrivalKind.RELEASE)
    batch = decide(snapshot(), first, release, again)
    assert len(batch.messages) == 2
    assert len(batch.unreleased) == 2
    assert batch.releases == []


def test_a_release_is_recorded_and_remembered() -> None:
    memory = Memory()
    decide(snapshot(), arrival(qos=2), memory=memory)
    assert list(memory.link(LINK).unreleased) == [5]
    batch = decide(snapshot(), arrival(kind=ArrivalKind.RELEASE, qos=2), memory=memory)
    assert batch.releases == [(LINK, 5)]
    assert memory.link(LINK).unreleased == {}


def test_an_unknown_release_changes_nothing() -> None:
    batch = decide(snapshot(), arrival(kind=ArrivalKind.RELEASE, qos=2))
    assert batch.releases == []
    assert batch.messages == []


def test_a_connection_without_the_old_session_forgets_packet_ids() -> None:
    memory = Memory()
    decide(snapshot(), arrival(qos=2), memory=memory)
    batch = decide(snapshot(), arrival(qos=2, connection=2, is_resumed=False), memory=memory)
    assert len(batch.messages) == 1


def test_a_resumed_session_keeps_packet_ids() -> None:
    memory = Memory()
    decide(snapshot(), arrival(qos=2), memory=memory)
    batch = decide(snapshot(), arrival(qos=2, connection=2, is_resumed=True, dup=True), memory=memory)
    assert batch.messages == []


def test_qos_1_redelivered_on_a_resumed_session_is_a_duplicate_without_rules() -> None:
    memory = Memory()
    original = decide(snapshot(rule()), arrival(), memory=memory).messages[0]
    batch = decide(snapshot(rule()), arrival(connection=2, is_resumed=True, dup=True), memory=memory)
    assert batch.messages[0].duplicate_of == original.id
    assert batch.deliveries == []
    assert counts(batch) == {"received": 1, "duplicate": 1}


def test_in_doubt_a_qos_1_message_is_processed() -> None:
    for doubt in (
        {"is_resumed": False},
        {"dup": False},
        {"packet_id": 6},
        {"payload": {"id": "m2"}},
        {"connection": 1},
    ):
        memory = Memory()
        decide(snapshot(rule()), arrival(), memory=memory)
        fields = {"connection": 2, "is_resumed": True, "dup": True} | doubt
        batch = decide(snapshot(rule()), arrival(fields.pop("payload", None), **fields), memory=memory)
        assert len(batch.deliveries) == 1, doubt


def test_a_message_committed_by_an_earlier_process_is_recognised() -> None:
    memory, original = Memory(), uuid4()
    first = arrival()
    recent = [(5, Recent(mark_of("a/b", first.payload), 0, original))]
    memory.start_link(LINK, window=10, unreleased={}, recent=recent)
    batch = decide(snapshot(rule()), replace(first, is_resumed=True, dup=True), memory=memory)
    assert batch.messages[0].duplicate_of == original


def test_a_rule_does_not_run_on_what_it_brought_about_itself() -> None:
    marks = {"hub": "me", "via": "7.1"}
    batch = decide(snapshot(rule(1), rule(2)), arrival(properties=marks))
    assert [d.rule for d in batch.deliveries] == ["rule 2"]
    assert json.loads(batch.deliveries[0].properties) == {"via": "7.1.2"}
    assert batch.rule_counts["rule 1", "looped"] == 1


def test_the_marks_of_another_hub_stop_nothing() -> None:
    batch = decide(snapshot(rule(1)), arrival(properties={"hub": "another", "via": "1"}))
    assert len(batch.deliveries) == 1


def test_an_echo_without_marks_is_recognised_by_its_bytes_for_a_while() -> None:
    memory, one = Memory(), arrival()
    memory.note_echo(Echo(LINK, one.topic, one.payload), "1", NOW)
    assert decide(snapshot(rule(1)), one, memory=memory).deliveries == []
    memory.note_echo(Echo(LINK, one.topic, one.payload), "1", NOW - timedelta(minutes=2))
    assert len(decide(snapshot(rule(1)), arrival(), memory=memory).deliveries) == 1


def test_a_retained_message_is_never_written_to_a_device() -> None:
    config = snapshot(rule(actions=[WriteAction("device:printer"), publish()]))
    batch = decide(config, arrival(retain=True))
    assert [d.kind for d in batch.deliveries] == ["publish"]


def test_a_gap_is_kept_and_runs_no_rules() -> None:
    batch = decide(snapshot(rule()), arrival(b"opened", kind=ArrivalKind.GAP, topics=(), link="device:scale"))
    assert [m.kind for m in batch.messages] == ["gap"]
    assert batch.deliveries == []


def test_a_packet_runs_the_rules_of_packets_under_its_own_id() -> None:
    given = new_id()
    batch = decide(snapshot(rule()), arrival(link=PACKETS, topics=(), topic="", qos=0, id=given))
    assert (batch.messages[0].id, batch.deliveries[0].message_id) == (given, given)


def test_a_rule_with_two_matching_sources_runs_once() -> None:
    one = rule(1)
    config = replace(snapshot(one), rules_by_device={"m1": (one,)})
    assert len(decide(config, arrival()).deliveries) == 1


def test_a_stateful_codec_remembers_only_what_was_committed() -> None:
    config, memory = snapshot(codec=CountingDouble()), Memory()
    discarded = Decider(config, memory, now=NOW, new_id=new_id)
    discarded.decide_all([arrival()])
    first = decide(config, arrival(), memory=memory)
    second = decide(config, arrival(), memory=memory)
    assert first.codec_states == {"in": b"1"}
    assert [m.decoded for m in first.messages + second.messages] == [None, '{"seen":2}']


def test_what_a_codec_held_too_long_is_flushed_into_a_message() -> None:
    config, memory = snapshot(rule(actions=[publish("late")]), codec=CountingDouble()), Memory()
    decide(config, arrival(), memory=memory)
    batch = Flusher(config, memory, now=NOW, new_id=new_id).flush(["in"])
    assert [d.payload for d in batch.deliveries] == [b'{"late":1}']


def test_a_device_clock_that_is_years_off_does_not_date_readings() -> None:
    class Clocked(JsonDouble):
        def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
            return state, [Decoded({}, (Reading("t", 1.0),), "m1", NOW.replace(year=2005))]

    batch = decide(snapshot(codec=Clocked()), arrival())
    assert batch.readings[0].time == NOW
    assert batch.messages[0].device_time == NOW.replace(year=2005)


def test_a_codec_may_judge_the_clock_itself() -> None:
    class Judging(JsonDouble):
        def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
            value = json.loads(incoming.payload)
            time = NOW - timedelta(days=value["days"])
            return state, [Decoded({}, (Reading("t", 1.0),), "m1", time, is_clock_wrong=value["wrong"])]

    config = snapshot(rule(transform={"at": "string(time)"}), codec=Judging())
    late = decide(config, arrival({"days": 3, "wrong": False}))
    wrong = decide(config, arrival({"days": 0.5, "wrong": True}))
    assert late.readings[0].time == NOW - timedelta(days=3)
    assert wrong.readings[0].time == NOW
    assert wrong.messages[0].device_time == NOW - timedelta(days=0.5)
    assert b"2026-03-01T12:00:00" in wrong.deliveries[0].payload


def test_a_name_from_the_topic_stands_back_behind_the_device_that_is_bound_to_it() -> None:
    class Suggesting(JsonDouble):
        def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
            return state, [Decoded({}, (Reading("t", 1.0),), topic_device="plug")]

    free = snapshot(codec=Suggesting())
    bound = replace(free, topics={"in": InTopic("in", Suggesting(), "pump")})
    for config, name in ((free, "plug"), (bound, "pump")):
        batch = decide(config, arrival())
        assert (batch.messages[0].device, batch.readings[0].device) == (name, name)


def test_a_state_that_did_not_change_is_not_written() -> None:
    class Steady(CountingDouble):
        def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
            return state, []

    memory = Memory()
    memory.codec_states["in"] = {"a": 1}
    assert decide(snapshot(codec=Steady()), arrival(), memory=memory).codec_states == {}


def test_a_codec_that_fails_to_flush_starts_anew_and_what_it_held_is_a_dead_letter() -> None:
    class Failing(CountingDouble):
        def flush(self, state: Json, now: datetime) -> tuple[Json, Sequence[Decoded]]:
            raise RuntimeError("a bug")

    memory = Memory()
    memory.codec_states["in"] = [1]
    batch = Flusher(snapshot(codec=Failing()), memory, now=NOW, new_id=new_id).flush(["in", "gone"])
    assert batch.codec_states == {"in": b"null"}
    assert [(letter.payload, letter.stage) for letter in batch.dead_letters] == [(b"[1]", "record")]


def test_nul_and_lone_surrogates_never_reach_a_text_column() -> None:
    batch = decide(snapshot(), arrival(b'{"id": "a", "x": "\\u0000"}'))
    assert batch.messages[0].decoded is None


def test_a_buried_arrival_keeps_its_bytes() -> None:
    decider = Decider(snapshot(), Memory(), now=NOW, new_id=new_id)
    batch = decider.bury(arrival(b"\x00poison", sequence=1), "the database refuses it")
    (letter,) = batch.dead_letters
    assert (letter.payload, letter.stage, batch.messages) == (b"\x00poison", "record", [])
    assert counts(batch) == {"received": 1, "dead": 1}


def test_ids_rise_with_the_order_of_arrival() -> None:
    batch = decide(snapshot(), *(arrival() for _ in range(50)))
    ids: list[UUID] = [m.id for m in batch.messages]
    assert ids == sorted(ids)
