"""Which device is this? From pasted lines, or from a port of this machine that no link holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from devices.detection import Proposal, propose
from devices.drivers.registry import DRIVERS
from devices.port_list import holder_of
from devices.serial.found_ports import found_ports, real_port
from devices.serial.probe import identify
from devices.serial.settings import SerialSettings, check_port
from telemetry.admin_parts.option_forms import PREFIX
from telemetry.options import OptionFault

MOST = 6


class PortTaken(Exception):
    """A link holds the port. `device` is its name."""

    def __init__(self, device: str) -> None:
        super().__init__(f"The device {device} has this port: disable it first, or look at what it sends.")
        self.device = device


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One driver that may fit, and (from a port) the settings under which it was understood."""

    proposal: Proposal
    confidence: float
    port: str = ""
    baud: int = 0
    data_bits: int = 8
    parity: str = "none"

    @property
    def label(self) -> str:
        """What the driver is called."""
        return DRIVERS[self.proposal.driver].label

    @property
    def serial(self) -> str:
        """`9600 8N1`; '' from pasted lines, which do not tell."""
        return f"{self.baud} {self.data_bits}{self.parity[:1].upper()}1" if self.baud else ""

    def as_device(self) -> dict[str, Any]:
        """The device as REST takes it; what is missing is its name, and from pasted lines the port."""
        said: dict[str, Any] = {"driver": self.proposal.driver, "options": dict(self.proposal.options)}
        if self.baud:
            said |= {"port": self.port, "baud": self.baud, "data_bits": self.data_bits, "parity": self.parity}
        return said

    def form_url(self) -> str:
        """The page that adds a device, filled in."""
        values = {name: value for name, value in self.as_device().items() if name != "options"}
        values |= {PREFIX + name: value for name, value in self.proposal.options.items()}
        return f"{reverse('admin:devices_device_add')}?{urlencode(values)}"


def from_bytes(data: bytes) -> list[Candidate]:
    """What may have sent these bytes, the likeliest first. The last line may lack its end."""
    return [Candidate(proposal=one, confidence=one.confidence) for one in propose(_ended(data))[:MOST]]


def _ended(data: bytes) -> bytes:
    """With the end of the last line, as the lines before it have it."""
    if data.endswith((b"\n", b"\r", b"\x03")):
        return data
    return data + next((end for end in (b"\n", b"\r") if end in data), b"")


def from_port(name: str, *, asks: bool = False) -> list[Candidate]:
    """What may be at this port; [] if it says nothing. Raises OptionFault, PortTaken, LinkLost and LinkRefused."""
    port = check_port(name)
    if "://" in port:
        raise OptionFault("port", "only a port of this machine has a baud rate to try")
    if holder := holder_of(port):
        raise PortTaken(holder)
    lasting = next((found.name for found in found_ports() if found.device == real_port(port)), port)
    found = [
        Candidate(
            proposal=proposal,
            confidence=round(proposal.confidence * heard.legible, 2),
            port=lasting,
            baud=heard.baud,
            data_bits=heard.format.data_bits,
            parity=heard.format.parity,
        )
        for heard in identify(SerialSettings(port=port), asks=asks)
        for proposal in heard.proposals
    ]
    return sorted(found, key=lambda one: -one.confidence)[:MOST]
