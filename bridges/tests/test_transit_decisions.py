"""Decisions about messages in transit: the rules of all others, no history, dead letters that carry the bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bridges.pipeline.memory import Echo, Memory
from bridges.pipeline.snapshot import Snapshot
from bridges.tests.test_decisions import NOW, arrival, publish, rule, snapshot
from bridges.transit.decisions import TransitDecider
from bridges.transit.passages import Passage, Passages, to_announce, to_record
from telemetry.ids import new_id
from telemetry.recording.batch import Batch
from telemetry.values import Arrival

LINK = "transit:plant"


def decider(config: Snapshot, memory: Memory | None = None, echoes: Memory | None = None) -> TransitDecider:
    return TransitDecider(
        config, memory or Memory(), source="broker:plant", echoes=echoes or Memory(), now=NOW, new_id=new_id
    )


def passing(sequence: int = 1, payload: Any = None, **fields: Any) -> Arrival:
    return arrival(payload, link=LINK, sequence=sequence, **fields)


def decide(one: Arrival, config: Snapshot | None = None, **memories: Memory) -> Batch:
    return decider(config or snapshot(rule(actions=[publish("out")])), **memories).decide_all([one])


def passage(one: Arrival, config: Snapshot | None = None) -> Passage:
    made = decider(config or snapshot(rule(actions=[publish("out")])))
    return Passage(one, made.decide_all([one]), made.changes)


def counts(batch: Batch, link: str = LINK) -> dict[str, int]:
    return {key.column: count for key, count in batch.ledger.items() if key.link == link and count}


def settled(one: Arrival, state: str = "delivered", config: Snapshot | None = None) -> Passage:
    """A passage whose Deliveries have all ended so."""
    hand = Passages()
    for draft in hand.add(passage(one, config)):
        hand.end(draft._replace(state=state))
    (found,) = hand.settled
    return found


def test_rules_see_the_broker_as_its_source() -> None:
    config = snapshot(rule(condition='source == "broker:plant"', actions=[publish("out")]))
    (draft,) = decide(passing(), config).deliveries
    assert (draft.source, draft.address, draft.state) == ("broker:plant", "out", "waiting")


def test_what_was_read_but_goes_nowhere_is_counted_as_passed() -> None:
    batch = decide(passing(), snapshot(rule(condition="false")))
    assert counts(batch) == {"received": 1, "passed": 1}


def test_what_cannot_be_read_is_a_dead_letter_with_its_bytes() -> None:
    batch = decide(passing(payload=b"rubbish"))
    (letter,) = batch.dead_letters
    assert (letter.payload, letter.message_id, letter.stage, letter.source) == (
        b"rubbish", None, "decode", "broker:plant",
    )  # fmt: skip
    assert counts(batch) == {"received": 1, "dead": 1}


def test_a_rule_that_fails_leaves_a_dead_letter_with_the_bytes_and_other_rules_go_on() -> None:
    config = snapshot(rule(1, condition="payload.t / 0 > 1"), rule(2, actions=[publish("out")]))
    batch = decide(passing(payload=b'{"t": 1}'), config)
    assert [(letter.stage, letter.payload) for letter in batch.dead_letters] == [("rule", b'{"t": 1}')]
    assert [draft.rule for draft in batch.deliveries] == ["rule 2"]


def test_a_topic_that_is_unknown_by_now_is_no_reason_to_let_a_message_vanish() -> None:
    batch = decide(passing(topics=("gone",)))
    assert "gone" in batch.dead_letters[0].reason


def test_nor_is_a_topic_whose_filter_the_link_has_forgotten_already() -> None:
    batch = decide(passing(topics=()))
    assert "the topic a/b is" in batch.dead_letters[0].reason
    assert counts(batch) == {"received": 1, "dead": 1}


def test_a_rule_does_not_run_on_what_it_brought_about_itself() -> None:
    batch = decide(passing(properties={"hub": "me", "via": "1"}))
    assert not batch.deliveries
    assert batch.rule_counts["rule 1", "looped"] == 1


def test_an_echo_without_marks_is_recognised_by_what_the_whole_process_published() -> None:
    one, echoes = passing(), Memory()
    echoes.note_echo(Echo("broker:plant", one.topic, one.payload), "1", NOW)
    assert not decide(one, echoes=echoes).deliveries


def test_nothing_of_what_arrived_becomes_a_row() -> None:
    batch = to_record(LINK, [settled(passing())], Batch(at=NOW))
    assert [*batch.messages, *batch.readings, *batch.latest, *batch.deliveries, *batch.codec_states] == []
    assert counts(batch) == {"received": 1, "passed": 1, "created": 1, "delivered": 1}
    assert not counts(batch, "broker:central")


def test_what_a_target_refuses_for_good_is_a_row_that_can_be_sent_again_and_is_booked_to_the_target() -> None:
    batch = to_record(LINK, [settled(passing(payload=b'{"t": 1}'), "dead")], Batch(at=NOW))
    (row,) = batch.deliveries
    assert (row.state, row.payload, row.message_id, row.target) == ("dead", b'{"t": 1}', None, "broker:central")
    assert counts(batch, "broker:central") == {"created": 1, "refused": 1}
    assert counts(batch) == {"received": 1, "passed": 1}


def test_an_address_that_cannot_be_filled_in_is_a_row_as_well() -> None:
    found = settled(passing(payload=b'{"id": "a/#"}'), config=snapshot(rule(actions=[publish("x/{device}")])))
    batch = to_record(LINK, [found], Batch(at=NOW))
    assert [row.state for row in batch.deliveries] == ["dead"]
    assert counts(batch, "broker:central") == {"created": 1, "refused": 1}


def test_the_pages_are_told_of_messages_readings_and_where_they_went() -> None:
    batch = to_announce([settled(passing())], Batch(at=NOW))
    assert [message.source for message in batch.messages] == ["broker:plant"]
    assert [reading.metric for reading in batch.readings] == ["t"]
    assert [draft.state for draft in batch.deliveries] == ["delivered"]


def test_the_pages_are_not_told_what_no_page_can_be_sent() -> None:
    poison = settled(passing(payload=b'{"id": "\\ud800"}'), "dead")
    batch = to_announce([poison, settled(passing(2))], Batch(at=NOW))
    assert [message.device for message in batch.messages] == ["m1"]
    assert len(batch.deliveries) == 1


def test_a_message_is_settled_when_its_last_delivery_has_ended() -> None:
    hand = Passages()
    due = hand.add(passage(passing(), snapshot(rule(actions=[publish("a"), publish("b")]))))
    hand.end(due[0]._replace(state="delivered"))
    assert not hand.settled
    hand.end(due[1]._replace(state="delivered"))
    assert len(hand.settled) == 1


def test_a_message_with_nowhere_to_go_is_settled_at_once() -> None:
    hand = Passages()
    assert hand.add(passage(passing(), snapshot())) == []
    assert len(hand.settled) == 1


def test_what_is_sent_again_on_a_resumed_session_while_it_is_in_hand_is_the_same_message() -> None:
    hand, first = Passages(), passage(passing())
    hand.add(first)
    again = passing(2, dup=True, is_resumed=True, connection=2)
    assert hand.in_hand(again) is first
    assert hand.in_hand(replace(again, dup=False)) is None
    assert hand.in_hand(replace(again, is_resumed=False)) is None
    assert hand.in_hand(replace(again, payload=b"{}")) is None
    hand.let_go([first])
    assert hand.in_hand(again) is None
    assert (len(hand), hand.size) == (0, 0)


def test_a_repetition_is_received_and_a_duplicate() -> None:
    memory = Memory()
    memory.link(LINK).sequence = 1
    assert counts(decider(snapshot(), memory).count_again(passing(2))) == {"received": 1, "duplicate": 1}
