"""Commands by name, and waiting for what the device answers, over REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Thread
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from bridges import intake
from devices.models import Device
from telemetry.models import Delivery, Message
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    Device.objects.create(name="scale", driver="mt-sics", port="/dev/scale")
    Device.objects.create(name="kern", driver="kern-tws", port="/dev/kern")
    return staff_client()


@pytest.fixture(autouse=True)
def fresh_intake() -> Iterator[None]:
    """No committer outlives the test's database."""
    yield
    intake.stop_intake()


def command(client: Client, body: Any, device: str = "scale", wait: str = "") -> Any:
    query = f"?wait={wait}" if wait else ""
    return client.post(f"/api/v1/devices/{device}/commands{query}", body, content_type="application/json")


def as_a_worker(act: Callable[[UUID], None]) -> Thread:
    """A thread that does with the first write what a worker would do."""

    def run() -> None:
        until = monotonic() + 10
        try:
            while monotonic() < until:
                row = Delivery.objects.filter(state="waiting").first()
                if row is not None:
                    act(row.id)
                    return
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def settle(delivery: UUID, reason: str = "") -> None:
    Delivery.objects.filter(id=delivery).update(state="delivered", reason=reason)


def answer(delivery: UUID, payload: bytes) -> None:
    Message.objects.create(
        received_at=datetime.now(UTC), source="device:scale", device="scale", payload=payload, answers=delivery
    )


def test_a_named_command_is_written_as_its_bytes(client: Client) -> None:
    made = command(client, {"command": "tare"})
    assert made.status_code == 202
    assert bytes(Delivery.objects.get(id=made.json()["delivery"]).payload) == b"T"


def test_an_unknown_name_is_refused_with_the_known_ones(client: Client) -> None:
    refused = command(client, {"command": "zero"}, "kern").json()
    assert refused["code"] == "invalid"
    assert refused["errors"][0]["message"] == "This device knows print, stable, tare."
    assert not Delivery.objects.exists()


def test_a_device_without_named_commands_says_so(client: Client) -> None:
    Device.objects.create(name="arduino", driver="lines", port="/dev/arduino")
    refused = command(client, {"command": "tare"}, "arduino").json()
    assert refused["errors"] == [
        {"path": "/command", "message": "This device knows no commands by name.", "code": "unknown"}
    ]


def test_who_waits_gets_the_answer(client: Client) -> None:
    def act(delivery: UUID) -> None:
        answer(delivery, b"S S     100.00 g")
        settle(delivery)

    worker = as_a_worker(act)
    made = command(client, {"command": "print"}, wait="10")
    worker.join()
    assert made.status_code == 200
    said = made.json()
    assert (said["state"], said["reason"]) == ("delivered", "")
    assert [one["text"] for one in said["answers"]] == ["S S     100.00 g"]
    assert said["answers"][0]["answers"] == said["delivery"]


def test_an_answer_that_is_committed_after_the_write_is_still_found(client: Client) -> None:
    def act(delivery: UUID) -> None:
        settle(delivery)
        answer(delivery, b"S S     100.00 g")

    worker = as_a_worker(act)
    made = command(client, {"command": "print"}, wait="10")
    worker.join()
    assert len(made.json()["answers"]) == 1


def test_no_answer_is_a_normal_outcome(client: Client) -> None:
    worker = as_a_worker(lambda delivery: settle(delivery, "no answer within 2 s, asked twice"))
    made = command(client, {"command": "print"}, wait="10")
    worker.join()
    said = made.json()
    assert made.status_code == 200
    assert (said["state"], said["reason"], said["answers"]) == ("delivered", "no answer within 2 s, asked twice", [])


def test_a_command_that_has_no_answer_is_not_waited_for(client: Client) -> None:
    worker = as_a_worker(settle)
    started = monotonic()
    made = command(client, {"command": "tare"}, "kern", wait="20")
    worker.join()
    assert made.json()["answers"] == []
    assert monotonic() - started < 15


def test_when_the_time_is_over_the_write_goes_on_waiting(client: Client) -> None:
    made = command(client, {"command": "print"}, wait="0.2")
    assert made.status_code == 202
    assert made.json()["state"] == "waiting"
    assert Delivery.objects.get().properties == {"wait_s": "0.2"}


@pytest.mark.parametrize("wait", ["31", "-1", "nan", "soon", "inf"])
def test_a_wait_that_makes_no_sense_is_refused(client: Client, wait: str) -> None:
    refused = command(client, {"command": "print"}, wait=wait)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["path"] == "wait"
    assert not Delivery.objects.exists()
