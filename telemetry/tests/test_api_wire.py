"""Reading and writing JSON, cursors and payloads: no input breaks them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.api.payloads import shown, shown_whole
from telemetry.api.problems import Problem, pointer
from telemetry.api.queries import decode_cursor, read_cursor, write_cursor
from telemetry.api.wire import MAX_BODY_BYTES, JsonRenderer, parse_json, read_body


def problem_of(call: Callable[[Any], Any], value: Any) -> Problem | None:
    try:
        call(value)
    except Problem as problem:
        return problem
    return None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_problem(body: bytes) -> None:
    problem = problem_of(parse_json, body)
    assert problem is None or (problem.status_code, problem.code) == (400, "malformed")


@pytest.mark.parametrize("body", [b'{"a": NaN}', b"[Infinity]", b'"\xff"', b"{} {}", b"", b'"\\ud800"', b"[" * 100_000])
def test_what_is_not_strict_json_is_refused(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        parse_json(body)
    assert caught.value.code == "malformed"


def test_a_body_over_the_limit_is_refused_by_its_declared_and_by_its_true_size() -> None:
    for stream, declared in ((io.BytesIO(b""), MAX_BODY_BYTES + 1), (io.BytesIO(b"x" * (MAX_BODY_BYTES + 1)), None)):
        with pytest.raises(Problem) as caught:
            read_body(stream, declared)
        assert (caught.value.status_code, caught.value.code) == (413, "too_large")


@given(st.text())
def test_any_text_is_a_cursor_or_a_problem(text: str) -> None:
    for read in (read_cursor, decode_cursor):
        problem = problem_of(read, text)
        assert problem is None or problem.errors[0]["path"] == "cursor"


@given(st.uuids())
def test_a_cursor_leads_back_to_its_id(row_id: UUID) -> None:
    assert read_cursor(write_cursor(row_id)) == row_id


@given(st.binary(max_size=3000))
def test_a_whole_payload_can_be_had_back(payload: bytes) -> None:
    whole = shown_whole(payload)
    back = bytes.fromhex(whole["text"]) if whole["is_binary"] else whole["text"].encode()
    assert back == payload
    assert whole["size"] == len(payload)


@given(st.binary(max_size=12_000))
def test_a_shown_payload_says_truly_whether_it_is_cut(payload: bytes) -> None:
    part = shown(payload)
    back = bytes.fromhex(part["text"]) if part["is_binary"] else part["text"].encode()
    assert payload.startswith(back)
    assert part["is_cut"] == (back != payload)


def test_a_pointer_escapes_its_keys() -> None:
    assert pointer("a/b", "c~d", 0) == "/a~1b/c~0d/0"


def test_times_are_written_in_utc_and_what_is_no_number_as_null() -> None:
    text = JsonRenderer().render({"at": datetime(2026, 1, 1, tzinfo=UTC), "x": float("nan")})
    assert json.loads(text) == {"at": "2026-01-01T00:00:00Z", "x": None}
