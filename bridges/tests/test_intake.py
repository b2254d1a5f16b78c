"""The web's way into the data path, on a real database and without a Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridges import intake
from bridges.models import Broker, Rule, RuleAction, RuleSource, Topic
from telemetry.models import Delivery, Message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def end_intake() -> Iterator[None]:
    yield
    intake.stop_intake()


def packet(device: str = "esp32", value: float = 21.5) -> bytes:
    document = {"device_id": device, "timestamp": "2026-03-01T12:00:00Z", "measurements": {"temperature": value}}
    return json.dumps(document).encode()


def publish_rule() -> None:
    broker = Broker.objects.create(name="plant", host="127.0.0.1")
    topic = Topic.objects.create(name="out", broker=broker, direction="out", filter="packets/{device}", qos=1)
    rule = Rule.objects.create(name="packets out")
    RuleSource.objects.create(rule=rule, packets=True)
    RuleAction.objects.create(rule=rule, kind="publish", topic=topic)


def test_a_packet_is_committed_when_the_call_returns() -> None:
    (made,) = intake.submit_packets([packet()], owner="me")
    row = Message.objects.get()
    assert (row.id, row.source, row.device, bytes(row.payload)) == (made, "packets", "esp32", packet())


def test_its_rules_have_run() -> None:
    publish_rule()
    (made,) = intake.submit_packets([packet()], owner="me")
    row = Delivery.objects.get()
    assert (row.message_id, row.target, row.address, row.state) == (made, "broker:plant", "packets/esp32", "waiting")


def test_a_rule_made_later_is_used_within_the_second() -> None:
    intake.submit_packets([packet()], owner="me")
    publish_rule()
    intake._intake()._looked_at = 0.0  # as after half a second
    intake.submit_packets([packet()], owner="me")
    assert Delivery.objects.count() == 1


def test_the_same_key_answers_with_the_same_ids() -> None:
    first = intake.submit_packets([packet(), packet("b")], owner="me", idempotency_key="k")
    assert intake.submit_packets([packet(), packet("b")], owner="me", idempotency_key="k") == first
    assert Message.objects.count() == 2


def test_the_same_key_with_another_body_is_a_conflict() -> None:
    intake.submit_packets([packet()], owner="me", idempotency_key="k")
    with pytest.raises(intake.IdempotencyConflict):
        intake.submit_packets([packet("b")], owner="me", idempotency_key="k")


def test_the_same_key_of_another_owner_is_another_key() -> None:
    intake.submit_packets([packet()], owner="me", idempotency_key="k")
    intake.submit_packets([packet("b")], owner="you", idempotency_key="k")
    assert Message.objects.count() == 2


def test_many_at_once_with_one_key_store_one() -> None:
    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(intake.submit_packets, [packet()], owner="me", idempotency_key="k") for _ in range(8)]
        answers = {tuple(each.result(20)) for each in tries}
    assert len(answers) == 1
    assert Message.objects.count() == 1


def test_a_committer_that_failed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    intake.submit_packets([packet()], owner="me")
    broken = intake._intake()

    def fail() -> None:
        raise RuntimeError("nobody foresaw it")

    with monkeypatch.context() as patch:
        patch.setattr("threading.excepthook", lambda told: None)
        broken._inbox.call(fail)
        broken._committer.join(10)
    intake.submit_packets([packet()], owner="me")
    assert Message.objects.count() == 2
