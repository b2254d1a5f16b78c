"""Which serial ports this machine has, under names that stay with their device. It opens none of them.

The system names ports in the order in which they are plugged in, so `/dev/ttyUSB0` may be another device tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serial.tools import list_ports

DEV = Path("/dev")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPort:
    """One port. `by_id` names the adapter (vendor, product, serial number), `by_path` the socket that it is in."""

    device: str
    by_id: tuple[str, ...] = ()
    by_path: tuple[str, ...] = ()
    description: str = ""
    vendor: str = ""
    product: str = ""
    serial_number: str = ""
    usb_id: str = ""  # '0403:6001'

    @property
    def name(self) -> str:
        """The name to bind a device to. Two adapters without a serial number share one by-id name: then the socket."""
        lasting = (
            (*self.by_id, *self.by_path) if self.serial_number or not self.usb_id else (*self.by_path, *self.by_id)
        )
        return lasting[0] if lasting else self.device

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, the one to use first."""
        rest = [name for name in (*self.by_id, *self.by_path, self.device) if name != self.name]
        return (self.name, *rest)

    @property
    def words(self) -> str:
        """What is there, for a person."""
        said = " ".join(filter(None, (self.vendor, self.product))) or self.description
        return f"{said}, serial number {self.serial_number}" if self.serial_number else said


def found_ports(dev: Path | None = None, listed: Callable[[], Iterable[Any]] | None = None) -> list[FoundPort]:
    """Every port, those with a lasting name first. `listed` gives what pyserial knows of them."""
    dev = DEV if dev is None else dev
    by_id, by_path = _links(dev / "serial" / "by-id"), _links(dev / "serial" / "by-path")
    known = {port.device: port for port in (listed or list_ports.comports)()}
    devices = known.keys() | by_id.keys() | by_path.keys()
    ports = [_port(device, known.get(device), by_id.get(device, ()), by_path.get(device, ())) for device in devices]
    return sorted(ports, key=lambda port: (port.name == port.device, port.name))


def real_port(name: str) -> str:
    """The device node behind a name; the name itself for a network port and for one that is not there."""
    return name if "://" in name else str(Path(name).resolve())


def _port(device: str, known: Any, by_id: tuple[str, ...], by_path: tuple[str, ...]) -> FoundPort:
    def said(name: str) -> str:
        text = getattr(known, name, None) or ""
        return "" if text == "n/a" else text

    usb_id = f"{known.vid:04x}:{known.pid:04x}" if known is not None and known.vid is not None else ""
    return FoundPort(
        device=device,
        by_id=by_id,
        by_path=by_path,
        description=said("description"),
        vendor=said("manufacturer"),
        product=said("product"),
        serial_number=said("serial_number"),
        usb_id=usb_id,
    )


def _links(folder: Path) -> dict[str, tuple[str, ...]]:
    """The names in a folder of links, by the device that they lead to."""
    found: dict[str, tuple[str, ...]] = {}
    try:
        links = sorted(folder.iterdir())
    except OSError:
        return found
    for link in links:
        device = str(link.resolve())
        found[device] = (*found.get(device, ()), str(link))
    return found
