"""The hub's HTTP side as a program uses it: REST with a key, Server-Sent Events, and the live WebSocket."""

from __future__ import annotations

import http.client
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Condition, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

Json = Any


class Answer(NamedTuple):
    """Status and JSON body of an answer."""

    status: int
    body: Json


class Api:
    """REST calls with an API key."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.headers = {"Authorization": f"Api-Key {key}"}

    def get(self, path: str) -> Answer:
        """GET below /api/v1/."""
        return self._call("GET", path, None, {})

    def post(self, path: str, document: Json = None, *, raw: bytes | None = None, **headers: str) -> Answer:
        """POST a document, or these bytes as they are."""
        body = json.dumps(document).encode() if raw is None else raw
        return self._call("POST", path, body, {"Content-Type": "application/json", **headers})

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/api/v1/{path}", body, {**self.headers, **headers})
            response = connection.getresponse()
            text = response.read()
            return Answer(response.status, json.loads(text) if text else None)
        finally:
            connection.close()


class Listener(ABC):
    """Keeps the live events that it hears, in a thread of its own."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self._changed = Condition()
        self._has_begun = False
        self._thread = Thread(target=self._listen_safely, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        with self._changed:
            assert self._changed.wait_for(lambda: self._has_begun, 15), "the listener hears nothing"
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._hang_up()
        self._thread.join(10)

    def wait(self, condition: Callable[[Json], object], *, within_s: float = 15.0) -> Json:
        """The first event that fulfils the condition."""
        with self._changed:
            heard = self._changed.wait_for(lambda: any(map(condition, self.events)), within_s)
            events = list(self.events)
        assert heard, f"not heard within {within_s:g} s among {len(events)} events, the last: {events[-3:]}"
        return next(filter(condition, events))

    def _begin(self) -> None:
        with self._changed:
            self._has_begun = True
            self._changed.notify_all()

    def _hear(self, events: list[Json]) -> None:
        with self._changed:
            self.events += events
            self._changed.notify_all()

    def _listen_safely(self) -> None:
        with suppress(OSError, ConnectionClosed, http.client.HTTPException, ValueError, AttributeError):
            self._listen()

    @abstractmethod
    def _listen(self) -> None: ...

    @abstractmethod
    def _hang_up(self) -> None: ...


class EventStream(Listener):
    """`GET events`. An event is its data with `event` for its name."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
        self._headers = api.headers

    def _listen(self) -> None:
        self._connection.request("GET", "/api/v1/events", headers=self._headers)
        response = self._connection.getresponse()
        assert response.status == 200, response.read()
        self._begin()
        name = ""
        while line := response.readline():
            field, _, value = line.decode().rstrip("\r\n").partition(":")
            if field == "event":
                name = value.strip()
            elif field == "data":
                self._hear([{"event": name, **json.loads(value)}])

    def _hang_up(self) -> None:
        if self._connection.sock is not None:
            self._connection.sock.shutdown(2)


class LiveSocket(Listener):
    """`/ws/live/`. The snapshot's messages count as heard; `frames` keeps every frame."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.frames: list[Json] = []
        self._url = f"ws://127.0.0.1:{api.port}/ws/live/"
        self._headers = api.headers
        self._socket: ClientConnection | None = None

    def _listen(self) -> None:
        with connect(self._url, additional_headers=self._headers, max_size=None, open_timeout=15) as self._socket:
            for text in self._socket:
                frame = json.loads(text)
                self.frames.append(frame)
                self._hear(frame["events"] if frame["type"] == "events" else frame.get("messages", []))
                self._begin()

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
