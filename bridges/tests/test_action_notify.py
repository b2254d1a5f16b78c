"""Notifications through Apprise, to a real HTTP server where one is needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bridges.actions.base import Task
from bridges.actions.notify import NotifyAction
from bridges.tests.http_receiver import Receiver, running_receiver
from telemetry.ids import new_id
from telemetry.options import OptionFault
from telemetry.values import Verdict


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


def task(payload: bytes) -> Task:
    return Task(new_id(), payload, "heat", "broker:plant", datetime(2026, 3, 1, tzinfo=UTC))


def action(receiver: Receiver, **options: Any) -> NotifyAction:
    url = receiver.url.replace("http://", "json://hub:swordfish@")
    return NotifyAction({"url": url, "allow_internal": True} | options)


def test_it_reaches_the_service(receiver: Receiver) -> None:
    carried = action(receiver, level="warning").carry(task(b"it is hot"), threading.Event())
    assert carried.verdict is Verdict.DELIVERED
    sent = json.loads(receiver.received[0].body)
    assert (sent["title"], sent["message"], sent["type"]) == ("heat", "it is hot", "warning")


def test_a_service_that_says_no_is_tried_again_and_its_address_is_told_nowhere(receiver: Receiver) -> None:
    receiver.statuses = [503]
    carried = action(receiver).carry(task(b"hot"), threading.Event())
    assert carried.verdict is Verdict.RETURNED
    assert carried.reason
    assert "swordfish" not in f"{carried.reason} {carried.result}"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"title": "Alarm", "body": "31 degrees"}', ("Alarm", "31 degrees")),
        (b'{"body": "31 degrees"}', ("heat", "31 degrees")),
        (b'{"t": 31}', ("heat", '{\n  "t": 31\n}')),
        (b"31.5", ("heat", "31.5")),
        (b"hot", ("heat", "hot")),
        (b"\xff\x00", ("heat", "2 bytes")),
        (b"", ("heat", "-")),
    ],
)
def test_the_payload_says_title_and_text(receiver: Receiver, payload: bytes, expected: tuple[str, str]) -> None:
    assert action(receiver).text(task(payload)) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "https://",
        "syslog://",
        "dbus://",
        "file:///etc/passwd",
        "json://127.0.0.1/x",
        "json://localhost",
        "jsons://intranet/x",
        "gotify://10.0.0.1/token",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(OptionFault) as caught:
        NotifyAction({"url": url})
    assert caught.value.name == "url"
    assert not url or url not in str(caught.value)


@pytest.mark.parametrize("url", ["mailto://me:pw@example.org", "tgram://123456789:abcdefg_hijklmnop/12315544/"])
def test_the_address_of_a_service_is_taken_without_looking_it_up(url: str) -> None:
    NotifyAction({"url": url})


def test_the_list_of_actions_never_shows_the_address() -> None:
    assert "secret" not in NotifyAction.said({"url": "json://secret@host", "title": "Alarm"})
