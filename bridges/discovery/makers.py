"""Who made a device, as far as its driver or its own number says it. Pure."""

from __future__ import annotations

import re
from typing import Final

from bridges.discovery.documents import About

_BY_DRIVER: Final = {
    "kern-tws": "KERN",
    "sartorius-sbi": "Sartorius",
    "and": "A&D",
    "ohaus": "OHAUS",
    "radwag": "RADWAG",
    "adam": "Adam Equipment",
}
"""Drivers that one maker's devices speak. MT-SICS and the lines of CAS are spoken by many."""
_COMPERE: Final = re.compile(r"\A(\d{2}[A-Z]|\d{3})[01][0-4]\d{2}[1-9A-C][0-9A-Z]\d{4}\Z")
"""Model, platform, kind of connection, year, month, model code, number (COMPERE MQTT protocol V1.9, 6.1)."""


def about(name: str, driver: str) -> About:
    """What is known of a device."""
    if driver:
        return About(manufacturer=_BY_DRIVER.get(driver, ""))
    if found := _COMPERE.match(name):
        return About("Compere", f"KPM{found[1]}", name)
    return About()
