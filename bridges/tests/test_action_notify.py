"""Notifications through Apprise, to a real HTTP server where one is needed."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bridges.actions import connection_guard
from bridges.actions.base import Task
from bridges.actions.connection_guard import no_internal_connections
from bridges.actions.internet import InternalAddress
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
def test_the_address_of_a_service_is_taken_without_looking_it_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *names, **options: asked.append(names))
    NotifyAction({"url": url})
    assert asked == []


def test_the_list_of_actions_never_shows_the_address() -> None:
    assert "secret" not in NotifyAction.said({"url": "json://secret@host", "title": "Alarm"})


def test_a_name_that_leads_into_the_own_network_is_not_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_to_loopback(monkeypatch)
    carried = NotifyAction({"url": f"json://hub.example.org:{port_of(receiver)}"}).carry(task(b"x"), threading.Event())
    assert (carried.verdict, "127.0.0.1 is an address inside" in carried.reason) == (Verdict.REFUSED, True)
    assert receiver.received == []


def test_a_redirect_into_the_own_network_is_not_followed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_receiver() as inside:
        lead_to_loopback(monkeypatch)
        monkeypatch.setattr(connection_guard, "is_internal", lambda address: str(address) != "127.0.0.1")
        receiver.statuses, receiver.headers = [307], {"Location": inside.url.replace("127.0.0.1", "127.0.0.2")}
        one = NotifyAction({"url": f"json://hub.example.org:{port_of(receiver)}"})
        carried = one.carry(task(b"x"), threading.Event())
        assert (carried.verdict, "127.0.0.2" in carried.reason) == (Verdict.REFUSED, True)
        assert (len(receiver.received), inside.received) == (1, [])


def test_the_guard_is_for_its_own_block_and_context(receiver: Receiver) -> None:
    with no_internal_connections() as refused:
        with pytest.raises(InternalAddress):
            socket.create_connection(("127.0.0.1", port_of(receiver)))
        thread = threading.Thread(target=lambda: socket.create_connection(("127.0.0.1", port_of(receiver))).close())
        thread.start()
        thread.join()
    assert len(refused) == 1
    socket.create_connection(("127.0.0.1", port_of(receiver))).close()


def port_of(receiver: Receiver) -> int:
    return int(receiver.url.rpartition(":")[2].strip("/"))


def lead_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def lead(host: Any, *arguments: Any, **more: Any) -> Any:
        return resolve("127.0.0.1" if host == "hub.example.org" else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lead)
