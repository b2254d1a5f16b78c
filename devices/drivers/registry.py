"""Names every driver once. Adding one means its file, its test and one line here."""

from __future__ import annotations

from devices.drivers.base import Driver
from devices.drivers.escpos import EscposDriver
from devices.drivers.jsonlines import JsonLinesDriver
from devices.drivers.lines import LinesDriver
from devices.drivers.raw import BytesDriver
from telemetry.options import OptionFault

_KINDS: tuple[type[Driver], ...] = (LinesDriver, JsonLinesDriver, BytesDriver, EscposDriver)

DRIVERS: dict[str, type[Driver]] = {driver.name: driver for driver in _KINDS}


def driver_named(name: str) -> type[Driver]:
    """The driver of that name; raises OptionFault for `driver`."""
    try:
        return DRIVERS[name]
    except KeyError:
        raise OptionFault("driver", f"{name!r} is not one of {', '.join(DRIVERS)}") from None
