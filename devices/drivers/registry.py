"""Names every driver once. Adding one means its file, its test and one line here: `docs/guides/write-a-driver.md`."""

from __future__ import annotations

from devices.drivers.a_and_d import AndDriver
from devices.drivers.adam import AdamDriver
from devices.drivers.base import Driver
from devices.drivers.cas import CasDriver
from devices.drivers.escpos import EscposDriver
from devices.drivers.jsonlines import JsonLinesDriver
from devices.drivers.kern_tws import KernTwsDriver
from devices.drivers.lines import LinesDriver
from devices.drivers.mt_sics import MtSicsDriver
from devices.drivers.ohaus import OhausDriver
from devices.drivers.radwag import RadwagDriver
from devices.drivers.raw import BytesDriver
from devices.drivers.sartorius_sbi import SartoriusSbiDriver
from telemetry.options import OptionFault

_KINDS: tuple[type[Driver], ...] = (
    LinesDriver,
    JsonLinesDriver,
    BytesDriver,
    EscposDriver,
    KernTwsDriver,
    MtSicsDriver,
    SartoriusSbiDriver,
    AndDriver,
    OhausDriver,
    RadwagDriver,
    CasDriver,
    AdamDriver,
)

DRIVERS: dict[str, type[Driver]] = {driver.name: driver for driver in _KINDS}


def driver_named(name: str) -> type[Driver]:
    """The driver of that name; raises OptionFault for `driver`."""
    try:
        return DRIVERS[name]
    except KeyError:
        raise OptionFault("driver", f"{name!r} is not one of {', '.join(DRIVERS)}") from None
