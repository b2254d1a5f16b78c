"""Webhooks against a real HTTP server on the loopback address."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.actions import internet
from bridges.actions.base import Carried, Task
from bridges.actions.webhook import WebhookAction
from bridges.tests.http_receiver import Receiver, running_receiver
from telemetry.ids import new_id
from telemetry.options import OptionFault
from telemetry.values import Verdict


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


def task(payload: bytes = b'{"t": 31}') -> Task:
    return Task(new_id(), payload, "heat", "broker:plant", datetime(2026, 3, 1, tzinfo=UTC))


def send(receiver: Receiver, payload: bytes = b'{"t": 31}', **options: Any) -> Carried:
    given = {"url": f"{receiver.url}/hook?a=1", "allow_internal": True} | options
    return WebhookAction(given).carry(task(payload), threading.Event())


def test_the_payload_is_sent_as_it_is_with_its_id_and_the_answer_is_kept(receiver: Receiver) -> None:
    one = task(b'{"b": 1,  "a": 2}')
    action = WebhookAction({"url": f"{receiver.url}/hook?a=1", "allow_internal": True, "headers": {"X-Place": "hall"}})
    carried = action.carry(one, threading.Event())
    (request,) = receiver.received
    assert (request.method, request.path, request.body) == ("POST", "/hook?a=1", b'{"b": 1,  "a": 2}')
    assert request.headers["x-patchbay-delivery"] == str(one.id)
    assert (request.headers["content-type"], request.headers["x-place"]) == ("application/json", "hall")
    assert carried.verdict is Verdict.DELIVERED
    assert (carried.result["status"], carried.result["body"]) == (200, "thanks")


def test_a_secret_signs_time_and_body(receiver: Receiver) -> None:
    send(receiver, b"\x00raw", secret="swordfish", method="PUT", authorization="Bearer abc")
    (request,) = receiver.received
    signed = f"{request.headers['x-patchbay-timestamp']}.".encode() + b"\x00raw"
    expected = hmac.new(b"swordfish", signed, hashlib.sha256).hexdigest()
    assert request.headers["x-patchbay-signature"] == f"sha256={expected}"
    assert abs(int(request.headers["x-patchbay-timestamp"]) - time.time()) < 60
    assert (request.method, request.headers["authorization"]) == ("PUT", "Bearer abc")
    assert request.headers["content-type"] == "application/octet-stream"


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    send(receiver)
    assert "x-patchbay-signature" not in receiver.received[0].headers


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (204, Verdict.DELIVERED),
        (301, Verdict.REFUSED),
        (400, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.RETURNED),
        (425, Verdict.RETURNED),
        (429, Verdict.RETURNED),
        (500, Verdict.RETURNED),
        (503, Verdict.RETURNED),
    ],
)
def test_the_status_decides_whether_it_is_tried_again(receiver: Receiver, status: int, verdict: Verdict) -> None:
    receiver.statuses = [status]
    receiver.body = b""
    carried = send(receiver)
    assert carried.verdict is verdict
    if verdict is not Verdict.DELIVERED:
        assert str(status) in carried.reason


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.statuses, receiver.headers = [307], {"Location": f"{receiver.url}/elsewhere"}
    assert "redirect" in send(receiver).reason
    assert [request.path for request in receiver.received] == ["/hook?a=1"]


def test_the_server_says_when_to_come_again(receiver: Receiver) -> None:
    receiver.statuses, receiver.headers = [429], {"Retry-After": "120"}
    assert send(receiver).retry_after_s == 120
    receiver.headers = {"Retry-After": "999999999"}
    assert send(receiver).retry_after_s == 3600


def test_an_unreachable_server_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        carried = WebhookAction({"url": url, "allow_internal": True}).carry(task(), threading.Event())
    assert carried.verdict is Verdict.RETURNED


def test_a_silent_server_costs_no_more_than_the_timeout(receiver: Receiver) -> None:
    is_over = threading.Event()

    def be_silent(handler: BaseHTTPRequestHandler) -> None:
        is_over.wait(20)

    receiver.before_answer = be_silent
    began = time.monotonic()
    carried = send(receiver, timeout=0.5)
    is_over.set()
    assert (carried.verdict, "0.5 s" in carried.reason) == (Verdict.RETURNED, True)
    assert time.monotonic() - began < 5


def test_an_answer_that_drips_costs_no_more_than_the_timeout(receiver: Receiver) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    receiver.before_answer = drip
    began = time.monotonic()
    send(receiver, timeout=0.6)
    assert time.monotonic() - began < 5


def test_a_large_answer_is_cut(receiver: Receiver) -> None:
    receiver.body = b"y" * 5_000_000
    carried = send(receiver)
    assert (carried.verdict, carried.result["is_cut"], len(carried.result["body"])) == (Verdict.DELIVERED, True, 8000)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "127.1"])
def test_the_own_network_is_not_reached_unless_allowed(receiver: Receiver, host: str) -> None:
    url = receiver.url.replace("127.0.0.1", host)
    carried = send(receiver, url=url, allow_internal=False)
    assert (carried.verdict, receiver.received) == (Verdict.REFUSED, [])
    assert carried.reason.endswith('tick "Allow internal addresses" (allow_internal) to permit it')


def test_a_refused_address_is_named_once() -> None:
    def reason(host: str) -> str:
        return WebhookAction({"url": f"http://{host}/"}).carry(task(), threading.Event()).reason.partition(";")[0]

    assert reason("127.0.0.1") == "127.0.0.1 is an address inside the own network"
    assert reason("[::1]") == "::1 is an address inside the own network"
    assert reason("127.1") == "127.1 (127.0.0.1) is an address inside the own network"


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::",
        "64:ff9b::a00:1",
        "2002:0a00:0001::",
        "::ffff:10.0.0.1",
    ],
)
def test_an_internal_address_is_known_in_every_disguise(address: str) -> None:
    import ipaddress

    assert internet.is_internal(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is_let_through(address: str) -> None:
    import ipaddress

    assert not internet.is_internal(ipaddress.ip_address(address))


def test_a_name_is_resolved_once_so_that_a_second_answer_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is public, every later one is the loopback address."""
    answers = iter(["203.0.113.5"])
    asked: list[str] = []
    connected: list[Any] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers, "127.0.0.1"), port))]

    def connect(address: Any, timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(internet, "is_internal", lambda address: str(address) == "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    carried = send(receiver, url="http://rebinding.example/", allow_internal=False)
    assert (asked, connected) == (["rebinding.example"], [("203.0.113.5", 80)])
    assert carried.verdict is Verdict.RETURNED


@given(st.text() | st.text(alphabet="htps:/@[]%.-#?a1 ").map(lambda text: f"http://{text}"))
def test_any_text_is_an_address_that_can_be_sent_to_or_is_refused(text: str) -> None:
    try:
        WebhookAction({"url": text})
    except OptionFault:
        return
    parts = urlsplit(text)
    assert parts.hostname
    assert "@" not in parts.netloc
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("url", "ftp://host/"),
        ("url", "https://user:password@host/"),
        ("url", "http://"),
        ("url", "http://host:99999/"),
        ("url", "http://host/a b"),
        ("url", "http://host/\r\nX: 1"),
        ("headers", {"X-A": "a\r\nX-B: b"}),
        ("headers", {"Host": "other"}),
        ("headers", {"X A": "a"}),
        ("headers", {"X-A": 5}),
        ("authorization", "Bearer a\nb"),
        ("method", "GET"),
        ("timeout", 300.0),
        ("nope", 1),
    ],
)
def test_an_option_that_cannot_be_used_is_named(option: str, value: Any) -> None:
    with pytest.raises(OptionFault) as caught:
        WebhookAction({"url": "https://example.org/"} | {option: value})
    assert caught.value.name == option
