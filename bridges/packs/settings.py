"""What a pack asks at its installation: settings, their kinds, and the check of what a person answers. No database.

A value is data. It is checked by its kind here, and again by where it is put, in `filling`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bridges.mqtt.filters import TopicFault, check_filter, check_name
from devices.serial.settings import check_port
from telemetry.names import SLUG
from telemetry.options import OptionFault

MAX_TEXT: Final = 200
SETTING_NAME: Final = re.compile(r"\A[a-z][a-z0-9_]{0,39}\Z")
NUMBERS: Final = ("number", "integer")
BROKER_SCHEMES: Final = ("mqtt", "mqtts")


class SettingFault(ValueError):
    """A value that this setting cannot have. The text says why, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One question. `example` is what the pack's tests run with, where there is no default."""

    name: str
    label: str
    kind: str
    help: str = ""
    default: Any = None
    example: Any = None
    choices: Sequence[Any] = ()
    minimum: float | None = None
    maximum: float | None = None
    is_optional: bool = False

    @property
    def is_required(self) -> bool:
        """Whether a person must answer."""
        return self.default is None and not self.is_optional

    @property
    def tried(self) -> Any:
        """The value that tests run with."""
        if self.example is not None:
            return self.example
        return "" if self.default is None else self.default

    def check(self, value: Any) -> Any:
        """The value as its kind has it; raises SettingFault."""
        if value is None or value == "":
            if self.is_optional:
                return None if self.kind in NUMBERS else ""
            raise SettingFault("This must be given.")
        checked = KINDS[self.kind](value)
        if self.choices and checked not in self.choices:
            raise SettingFault(f"This must be one of {', '.join(map(str, self.choices))}.")
        if self.minimum is not None and checked < self.minimum:
            raise SettingFault(f"This must be at least {self.minimum:g}.")
        if self.maximum is not None and checked > self.maximum:
            raise SettingFault(f"This must be at most {self.maximum:g}.")
        return checked


def check_values(settings: Sequence[Setting], given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A value for each setting, and what is wrong with which."""
    values: dict[str, Any] = {}
    faults = {name: "This pack has no such setting." for name in given if name not in {one.name for one in settings}}
    for setting in settings:
        value = given.get(setting.name)
        try:
            values[setting.name] = setting.check(setting.default if value is None or value == "" else value)
        except SettingFault as fault:
            faults[setting.name] = str(fault)
    return values, faults


def is_broker_url(value: Any) -> bool:
    """Whether a broker is told by its address rather than by its name."""
    return isinstance(value, str) and "://" in value


def _text(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else str(value)
    if len(text) > MAX_TEXT:
        raise SettingFault(f"At most {MAX_TEXT} characters.")
    if not text.isprintable():
        raise SettingFault("This may hold no control characters or line ends.")
    return text


def _name(value: Any) -> str:
    text = _text(value)
    if not SLUG.match(text):
        raise SettingFault(
            "A name starts with a letter or digit and holds only letters, digits, '.', '_' and '-' (64 at most)."
        )
    return text


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise SettingFault("This must be a number.")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise SettingFault("This must be a number.") from None
    if not -1e15 < number < 1e15:
        raise SettingFault("This must be a number.")
    return number


def _integer(value: Any) -> int:
    number = _number(value)
    if not number.is_integer():
        raise SettingFault("This must be a whole number.")
    return int(number)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "yes", "on", "1"):
        return True
    if str(value).lower() in ("false", "no", "off", "0"):
        return False
    raise SettingFault("This must be true or false.")


def _port(value: Any) -> str:
    try:
        return check_port(_text(value))
    except OptionFault as fault:
        raise SettingFault(f"A port {fault.message}.") from None


def _broker(value: Any) -> str:
    """The name of a broker of the hub, or an address for one that is to be added."""
    text = _text(value)
    if not is_broker_url(text):
        return _name(text)
    try:
        parts = urlsplit(text)
        is_right = parts.scheme in BROKER_SCHEMES and parts.hostname and parts.port != 0
        is_bare = not (parts.path.strip("/") or parts.query or parts.fragment)
    except ValueError:
        is_right = is_bare = False
    if not (is_right and is_bare):
        raise SettingFault("A new broker looks like mqtt://[user:password@]host[:port], or mqtts:// for TLS.")
    return text


def _topic(value: Any) -> str:
    """A topic, or the first levels of one: no wildcards, and nothing that a publish topic would fill in."""
    return _checked(_text(value).strip("/"), check_name)


def _filter(value: Any) -> str:
    """What may be subscribed to, with wildcards."""
    return _checked(_text(value), check_filter)


def _checked(text: str, check: Callable[[str], None]) -> str:
    try:
        check(text)
    except TopicFault as fault:
        raise SettingFault(f"{str(fault)[:1].upper()}{str(fault)[1:]}.") from None
    if "{" in text or "}" in text:
        raise SettingFault("This may hold no braces.")
    return text


def _zone(value: Any) -> str:
    text = _text(value)
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise SettingFault("There is no such time zone; write e.g. Europe/Berlin.") from None
    return text


def _choice(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else _text(value)


KINDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": _name,
    "text": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "choice": _choice,
    "port": _port,
    "broker": _broker,
    "topic": _topic,
    "filter": _filter,
    "zone": _zone,
}
"""Kind -> what makes a checked value of what a person gave; raises SettingFault."""
