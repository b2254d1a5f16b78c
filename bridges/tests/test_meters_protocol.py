"""Commands to meters and their replies, byte for byte as the protocol has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.meters.protocol import (
    REPLY_TOPICS,
    Command,
    CommandKind,
    Reply,
    command_payload,
    command_topic,
    read_reply,
)
from simulators.meter import INTERVALS_S

OPRID = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 1, 12, 15, 39, tzinfo=UTC)
METER = "33B1225950028"


@pytest.mark.parametrize(
    ("command", "topic", "payload"),
    [
        (
            Command(CommandKind.SET_SECONDS, "30"),
            "MQTT_COMMOD_SET_25950028",
            b'{"oprid":"%s","Cmd":"0000","value":"30","types":"1"}',
        ),
        (
            Command(CommandKind.SET_MINUTES, "15"),
            "MQTT_COMMOD_SET_25950028",
            b'{"oprid":"%s","Cmd":"0001","value":"15","types":"1"}',
        ),
        (
            Command(CommandKind.READ_MINUTES),
            "MQTT_COMMOD_READ_25950028",
            b'{"oprid":"%s","Cmd":"0001","types":"1"}',
        ),
        (Command(CommandKind.SET_CLOCK), "MQTT_SETTIME_25950028", b'{"oprid":"%s","time":"20260112163900"}'),
        (Command(CommandKind.RELAY, "1"), "MQTT_TELECTRL_25950028", b'{"do1":"1","oprid":"%s"}'),
    ],
)
def test_a_command_is_written_as_the_protocol_has_it(command: Command, topic: str, payload: bytes) -> None:
    assert command_topic(METER, command.kind) == topic
    zone = timezone(timedelta(hours=1))
    assert command_payload(command, OPRID, now=NOW, zone=zone) == payload % OPRID.encode()


def test_an_oprid_of_another_length_is_refused_because_meters_would_not_answer() -> None:
    with pytest.raises(ValueError, match="32"):
        command_payload(Command(CommandKind.SET_CLOCK), "short", now=NOW, zone=UTC)


def test_the_replies_come_on_the_topics_of_the_protocol() -> None:
    assert set(REPLY_TOPICS.values()) == {
        "MQTT_COMMOD_SET_REP",
        "MQTT_COMMOD_READ_REP",
        "MQTT_METER_TIME_REP",
        "MQTT_TELECTRL_REP",
    }


def test_the_allowed_intervals_are_those_that_the_simulated_meter_takes() -> None:
    from bridges.meters.protocol import MINUTES_INTERVALS, SECONDS_INTERVALS

    assert {"0000": SECONDS_INTERVALS, "0001": tuple(60 * value for value in MINUTES_INTERVALS)} == INTERVALS_S


@pytest.mark.parametrize(
    ("payload", "reply"),
    [
        (b'{"id":"33B1225950028","oprid":"%s","code":"01"}' % OPRID.encode(), Reply(OPRID, "01")),
        (b'{"oprid":"a","code":2,"msg":"no"}', Reply("a", "02", message="no")),
        (b'{"OPRID":"a","Cmd":"0000","Value":"30","CODE":"01"}', Reply("a", "01", value="30")),
        (b'{"oprid":"a","do1":"1","code":"01"}', Reply("a", "01", relay="1")),
        (b'{"id":"33B1225950028","code":"01"}', None),
        (b"[]", None),
        (b"", None),
    ],
)
def test_a_reply_is_read_in_any_case_with_text_or_numbers(payload: bytes, reply: Reply | None) -> None:
    assert read_reply(payload) == reply


@given(st.binary(max_size=300) | st.from_regex(rb'\{"oprid":.{0,40}\}', fullmatch=True))
def test_no_bytes_break_the_reader(payload: bytes) -> None:
    found = read_reply(payload)
    assert found is None or found.oprid
