"""Time zones as people write them: a name of the IANA list or a fixed offset. Pure."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from telemetry.options import Option, OptionFault

ZONE_OPTION: Final = Option(
    name="zone",
    kind=str,
    default="UTC",
    label="Time zone",
    help="For times that name no offset: Europe/Vienna, or a fixed offset such as +01:00",
)

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-5][0-9]))?", re.IGNORECASE)


def zone_named(name: str) -> tzinfo:
    """The zone; raises OptionFault for the option `zone`."""
    if found := _OFFSET.fullmatch(name.strip()):
        sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset < timedelta(hours=24):
            return timezone(-offset if sign == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise OptionFault("zone", f"{name!r} is no time zone; write one like Europe/Vienna or +01:00") from None
