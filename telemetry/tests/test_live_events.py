"""The events of the live protocol, and how payloads become text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from time import perf_counter

import orjson
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ids import new_id
from telemetry.links import LinkState
from telemetry.live.events import config_event, delivery_event, instant, link_event, message_event, readable
from telemetry.values import Reading

AT = datetime(2026, 1, 31, 23, 59, 59, 999_999, UTC)


def test_a_message_has_the_fields_of_the_protocol() -> None:
    id, first = new_id(), new_id()
    event = message_event(
        id,
        AT,
        source="broker:plant",
        payload=b'{"t": 21.5}',
        topic="a/b",
        device="sensor",
        readings=[Reading("t", 21.5, "°C")],
        duplicate_of=first,
        fault="no such codec",
    )
    assert event == {
        "kind": "message",
        "id": str(id),
        "at": "2026-01-31T23:59:59.999Z",
        "source": "broker:plant",
        "topic": "a/b",
        "device": "sensor",
        "text": '{"t": 21.5}',
        "is_binary": False,
        "size": 11,
        "readings": [{"metric": "t", "value": 21.5, "unit": "°C"}],
        "duplicate_of": str(first),
        "fault": "no such codec",
        "message_kind": "message",
    }


def test_a_link_has_the_fields_of_the_protocol() -> None:
    event = link_event("device:scale", LinkState.LOST, detail="The port is gone.", warning="slow", since=AT)
    assert event == {
        "kind": "link",
        "key": "device:scale",
        "state": "lost",
        "detail": "The port is gone.",
        "warning": "slow",
        "since": "2026-01-31T23:59:59.999Z",
        "last_message_at": None,
    }


def test_a_delivery_has_the_fields_of_the_protocol() -> None:
    id, message = new_id(), new_id()
    event = delivery_event(
        id,
        AT,
        target="device:printer",
        state="dead",
        payload=b"\x1b@",
        message=message,
        rule="print",
        reason="no paper",
    )
    assert event == {
        "kind": "delivery",
        "id": str(id),
        "at": "2026-01-31T23:59:59.999Z",
        "message": str(message),
        "rule": "print",
        "target": "device:printer",
        "address": "",
        "state": "dead",
        "reason": "no paper",
        "text": "1b40",
        "is_binary": True,
    }


def test_a_change_of_configuration_names_the_version() -> None:
    assert config_event(4) == {"kind": "config", "version": 4}


def test_times_are_told_in_utc() -> None:
    assert instant(datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00.000Z"


def test_a_receipt_with_a_few_control_bytes_stays_text() -> None:
    assert readable(b"\x1b@Total 12.50 EUR\n\n") == ("\x1b@Total 12.50 EUR\n\n", False)


def test_bytes_that_are_no_utf8_become_hexadecimal() -> None:
    assert readable(b"\xff\x00abc") == ("ff00616263", True)


def test_mostly_control_bytes_become_hexadecimal() -> None:
    assert readable(b"\x01\x02\x03a") == ("01020361", True)


def test_a_memoryview_is_read_like_bytes() -> None:
    assert readable(memoryview(b"weight 12")) == ("weight 12", False)


def test_a_cut_through_a_character_does_not_make_the_text_binary() -> None:
    assert readable(b"a" + "😀".encode() * 4000) == ("a" + "😀" * 1999, False)


@given(st.text())
def test_every_text_without_controls_is_shown_as_its_first_2000_characters(text: str) -> None:
    shown, is_binary = readable(text.encode(errors="ignore"))
    assert is_binary or shown == text.encode(errors="ignore").decode()[:2000]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=600), st.integers(1, 9))
def test_a_long_text_is_cut_wherever_its_bytes_are_cut(text: str, times: int) -> None:
    assert readable(text.encode() * times) == ((text * times)[:2000], False)


@given(st.binary(max_size=9000))
def test_any_bytes_become_at_most_2000_characters_that_json_can_say(payload: bytes) -> None:
    text, is_binary = readable(payload)
    assert len(text) <= 2000
    assert orjson.loads(orjson.dumps(text)) == text
    assert not is_binary or payload[:1000].hex() == text


def test_a_large_payload_costs_no_more_than_a_small_one() -> None:
    large = b"x" * 50_000_000
    start = perf_counter()
    for _ in range(100):
        readable(large)
    assert perf_counter() - start < 0.1
