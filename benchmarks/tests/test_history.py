"""What the measurements of history write and ask. Nothing is timed here."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID

import pytest

from benchmarks import history_calls, rest_calls
from benchmarks.endpoint_calls import EXEMPT, configured_calls, operations
from benchmarks.filling import _MESSAGES, RARE, History, SqliteFiller
from benchmarks.history import SLOW_ON_SQLITE
from benchmarks.rest_calls import Answer, Call, times_ms
from telemetry.api.messages import MessageQuery
from telemetry.api.outbox import DeadLetterQuery, DeliveryQuery
from telemetry.api.queries import SpanQuery
from telemetry.api.readings import ReadingQuery
from telemetry.ids import time_of

END = datetime(2026, 11, 1, tzinfo=UTC)
HISTORY = History(8_000, END)
QUERIES = {
    "/api/v1/messages": MessageQuery,
    "/api/v1/readings": ReadingQuery,
    "/api/v1/deliveries": DeliveryQuery,
    "/api/v1/dead-letters": DeadLetterQuery,
    "/api/v1/packets": SpanQuery,
}


@pytest.fixture
def messages() -> list[tuple[str, str, str]]:
    """What the first rows of the history are: id, device, decoded."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE telemetry_message (id, received_at, source, kind, topic, topic_name, device, device_time,"
        " payload, decoded, qos, is_retained, packet_id, fault)"
    )
    for statement in SqliteFiller("").statements(_MESSAGES, HISTORY, piece=3_000):
        connection.execute(statement)
    rows = connection.execute("SELECT id, device, decoded FROM telemetry_message ORDER BY rowid").fetchall()
    connection.close()
    return rows


def test_a_history_has_rising_ids_over_all_of_its_span(messages: list[tuple[str, str, str]]) -> None:
    ids = [UUID(row[0]) for row in messages]
    assert len(ids) == HISTORY.count
    assert ids == sorted(set(ids))
    assert {row_id.version for row_id in ids} == {7}
    assert abs(time_of(ids[0]) - HISTORY.start) < timedelta(minutes=1)
    assert timedelta(0) < END - time_of(ids[-1]) < timedelta(hours=1)


def test_a_history_has_nested_values_and_a_few_rare_messages(messages: list[tuple[str, str, str]]) -> None:
    decoded = [json.loads(row[2]) for row in messages]
    assert len({row[1] for row in messages}) > 190
    assert sum(one.get("state") == "fault" for one in decoded) == sum(row[1] == "probe" for row in messages)
    assert 0 <= RARE - sum(row[1] == "probe" for row in messages) <= RARE / 10
    assert any(one.get("battery", {}).get("level") == 5 for one in decoded if isinstance(one.get("battery"), dict))


def test_an_energy_value_that_is_asked_for_is_there_once(messages: list[tuple[str, str, str]]) -> None:
    totals = [json.loads(row[2]).get("energy", {}).get("total") for row in messages]
    for call in history_calls.calls(HISTORY, repeats=30):
        if call.name == "messages number, nested, one":
            assert totals.count(float(call.query["value"])) == 1


@pytest.mark.parametrize("call", list(history_calls.calls(HISTORY, repeats=2)), ids=lambda call: call.address)
def test_every_question_has_parameters_that_exist(call: Call) -> None:
    if call.path in QUERIES:
        query = QUERIES[call.path](data=call.query)
        assert query.is_valid(), query.errors
        assert call.query.keys() <= query.fields.keys()


def test_what_has_no_floor_on_sqlite_is_a_question() -> None:
    assert history_calls.KINDS.keys() >= SLOW_ON_SQLITE


def test_operations_are_named_as_calls_are() -> None:
    schema = {"paths": {"/api/v1/devices/{name}": {"get": {}, "parameters": []}, "/api/v1/events": {"get": {}}}}
    assert operations(schema) == ["GET devices/{name}", "GET events"]
    assert "GET devices/{name}" in {call.name for call in configured_calls(1)}
    assert "GET events" in EXEMPT


class Refusing(BaseHTTPRequestHandler):
    """Answers 404 to everything but /ok."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ok" else 404)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_calls_are_answered_in_their_order_with_their_status(port: int) -> None:
    found = rest_calls._ask(port, "key", [Call("a", "/ok"), Call("b", "/gone", query={"x": "1 2"})], 1)
    assert [(one.name, one.status, one.body) for one in found] == [("a", 200, b"{}"), ("b", 404, b"{}")]
    assert found[0].seconds > 0


def test_times_are_those_of_one_name_in_milliseconds() -> None:
    assert times_ms([Answer("a", 0.25, 200, b""), Answer("b", 1.0, 200, b"")], "a") == [250.0]
