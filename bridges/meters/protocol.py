"""The commands of Compere meters and their replies, as bytes on topics. Pure.

Source: COMPERE MQTT protocol V1.9, sections 3.11, 4.5, 4.7 and 4.11. A meter ignores a command whose oprid has not
exactly 32 characters, and its reply names the oprid, but not always the command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

import orjson

SECONDS_INTERVALS: Final = (30, 60, 300, 600, 900, 1200, 1800, 3600)
MINUTES_INTERVALS: Final = (1, 5, 10, 15, 20, 30, 60, 1440)
OPRID_CHARACTERS: Final = 32
REFUSED: Final = "02"
METER_ID: Final = re.compile(r"\A[A-Za-z0-9]{8,32}\Z")
_MAX_REPLY_BYTES = 4096


class CommandKind(StrEnum):
    """What a meter can be told."""

    SET_SECONDS = "set_seconds"
    SET_MINUTES = "set_minutes"
    READ_SECONDS = "read_seconds"
    READ_MINUTES = "read_minutes"
    SET_CLOCK = "set_clock"
    RELAY = "relay"


_SET, _READ, _CLOCK, _RELAY = "MQTT_COMMOD_SET", "MQTT_COMMOD_READ", "MQTT_SETTIME", "MQTT_TELECTRL"
_STEMS: Mapping[CommandKind, str] = {
    CommandKind.SET_SECONDS: _SET,
    CommandKind.SET_MINUTES: _SET,
    CommandKind.READ_SECONDS: _READ,
    CommandKind.READ_MINUTES: _READ,
    CommandKind.SET_CLOCK: _CLOCK,
    CommandKind.RELAY: _RELAY,
}
REPLY_TOPICS: Final[Mapping[CommandKind, str]] = {
    kind: {_CLOCK: "MQTT_METER_TIME_REP"}.get(stem, f"{stem}_REP") for kind, stem in _STEMS.items()
}
_CMD = {
    CommandKind.SET_SECONDS: "0000",
    CommandKind.READ_SECONDS: "0000",
    CommandKind.SET_MINUTES: "0001",
    CommandKind.READ_MINUTES: "0001",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to tell a meter. `value` is an interval, '1' or '0' for the relay, and '' for the rest."""

    kind: CommandKind
    value: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a meter answered."""

    oprid: str
    code: str
    value: str = ""  # of an interval that was read
    relay: str = ""
    message: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether the meter says that it did not do it."""
        return self.code == REFUSED


def command_topic(meter: str, kind: CommandKind) -> str:
    """Where this meter listens for it: the last eight characters of the id name the meter."""
    return f"{_STEMS[kind]}_{meter[-8:]}"


def command_payload(command: Command, oprid: str, *, now: datetime, zone: tzinfo) -> bytes:
    """The command as the protocol writes it. The clock is told in the meter's own zone."""
    if len(oprid) != OPRID_CHARACTERS:
        raise ValueError(f"an oprid has {OPRID_CHARACTERS} characters")
    kind, said = command.kind, {"oprid": oprid}
    if kind is CommandKind.SET_CLOCK:
        said["time"] = now.astimezone(zone).strftime("%Y%m%d%H%M%S")
    elif kind is CommandKind.RELAY:
        said = {"do1": command.value, "oprid": oprid}
    else:
        said["Cmd"] = _CMD[kind]
        if kind in (CommandKind.SET_SECONDS, CommandKind.SET_MINUTES):
            said["value"] = command.value
        said["types"] = "1"
    return orjson.dumps(said)


def read_reply(payload: bytes) -> Reply | None:
    """The reply; None for what is none. Keys are read in any case, values as text or numbers."""
    if len(payload) > _MAX_REPLY_BYTES:
        return None
    try:
        document = orjson.loads(payload)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    said = {key.lower(): str(value).strip() for key, value in document.items() if isinstance(value, str | int | float)}
    oprid = said.get("oprid", "")
    if not oprid:
        return None
    code = said.get("code", "")
    return Reply(
        oprid,
        code.zfill(2) if code else "",
        value=said.get("value", ""),
        relay=said.get("do1", ""),
        message=said.get("msg", "")[:200],
    )
