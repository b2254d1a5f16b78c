"""A /dev that exists only in a folder: what udev and pyserial would say of the USB adapters that a test plugs in."""

from __future__ import annotations

from pathlib import Path

from serial.tools.list_ports_common import ListPortInfo


class FakeDev:
    """`root` is the /dev, `comports` what pyserial lists."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listed: list[ListPortInfo] = []

    def plug(
        self,
        name: str,
        *,
        by_id: str = "",
        by_path: str = "",
        vendor: str = "",
        product: str = "",
        serial_number: str = "",
        is_usb: bool = True,
    ) -> str:
        """Plug an adapter in; answers its device."""
        device = self.root / name
        device.touch()
        for folder, link in (("by-id", by_id), ("by-path", by_path)):
            if link:
                (self.root / "serial" / folder).mkdir(parents=True, exist_ok=True)
                (self.root / "serial" / folder / link).symlink_to(device)
        info = ListPortInfo(str(device))
        info.manufacturer, info.product, info.serial_number = vendor or None, product or None, serial_number or None
        if is_usb:
            info.vid, info.pid = 0x0403, 0x6001
        self._listed.append(info)
        return str(device)

    def comports(self) -> list[ListPortInfo]:
        """As `serial.tools.list_ports.comports`."""
        return list(self._listed)
