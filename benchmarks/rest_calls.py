"""REST calls as a client makes them, several at a time over kept connections, timed in a process of their own."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import local
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of request: `name` groups its times. `body` is JSON."""

    name: str
    path: str
    method: str = "GET"
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    expected: Sequence[int] = (200,)

    @property
    def address(self) -> str:
        """The path with its query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call."""

    name: str
    seconds: float
    status: int
    body: bytes


class Unexpected(Exception):
    """A call was answered otherwise than it should be: its time would mean nothing."""


def ask(port: int, key: str, calls: Sequence[Call], *, at_once: int) -> list[Answer]:
    """The answer to each call, in order; raises Unexpected."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answers = pool.apply(_ask, (port, key, calls, at_once))
    for call, answer in zip(calls, answers, strict=True):
        if answer.status not in call.expected:
            raise Unexpected(f"{call.method} {call.address}: {answer.status} {answer.body[:500]!r}")
    return answers


def times_ms(answers: Sequence[Answer], name: str) -> list[float]:
    """How long each call of this name took."""
    return [answer.seconds * 1e3 for answer in answers if answer.name == name]


def _ask(port: int, key: str, calls: Sequence[Call], at_once: int) -> list[Answer]:
    kept = local()

    def one(call: Call) -> Answer:
        connection = getattr(kept, "connection", None)
        if connection is None:
            connection = kept.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {"Authorization": f"Api-Key {key}", "Content-Type": "application/json"}
        began = time.perf_counter()
        connection.request(call.method, call.address, call.body or None, headers)
        answer = connection.getresponse()
        body = answer.read()
        return Answer(call.name, time.perf_counter() - began, answer.status, body)

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, calls))
