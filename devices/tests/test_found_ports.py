"""Ports under names that stay with their device, on a /dev made for the test."""

from __future__ import annotations

from pathlib import Path

from devices.serial.found_ports import FoundPort, found_ports, real_port
from devices.tests.fake_dev import FakeDev


def found(dev: FakeDev) -> list[FoundPort]:
    return found_ports(dev.root, dev.comports)


def test_an_adapter_is_named_by_its_serial_number(tmp_path: Path) -> None:
    dev = FakeDev(tmp_path)
    dev.plug("ttyUSB0", by_id="usb-FTDI_A1", by_path="pci-1.2", vendor="FTDI", product="FT232R", serial_number="A1")
    (port,) = found(dev)
    assert port.name == str(tmp_path / "serial/by-id/usb-FTDI_A1")
    assert port.names == (port.name, str(tmp_path / "serial/by-path/pci-1.2"), str(tmp_path / "ttyUSB0"))
    assert (port.vendor, port.product, port.serial_number, port.usb_id) == ("FTDI", "FT232R", "A1", "0403:6001")
    assert port.words == "FTDI FT232R, serial number A1"


def test_an_adapter_without_a_serial_number_is_named_by_the_socket_it_is_in(tmp_path: Path) -> None:
    dev = FakeDev(tmp_path)
    dev.plug("ttyUSB0", by_id="usb-1a86_USB2.0-Serial", by_path="pci-1.2", product="USB2.0-Serial")
    dev.plug("ttyUSB1", by_path="pci-1.3", product="USB2.0-Serial")  # its by-id name is taken by the first
    assert [port.name for port in found(dev)] == [
        str(tmp_path / "serial/by-path/pci-1.2"),
        str(tmp_path / "serial/by-path/pci-1.3"),
    ]


def test_ports_with_a_lasting_name_come_first(tmp_path: Path) -> None:
    dev = FakeDev(tmp_path)
    board = dev.plug("ttyS0", is_usb=False)
    dev.plug("ttyUSB0", by_id="usb-A", serial_number="A")
    assert [port.name for port in found(dev)] == [str(tmp_path / "serial/by-id/usb-A"), board]
    assert found(dev)[1].names == (board,)


def test_a_link_that_pyserial_does_not_list_is_found_too(tmp_path: Path) -> None:
    folder = tmp_path / "serial" / "by-id"
    folder.mkdir(parents=True)
    (folder / "virtual").symlink_to(tmp_path / "vtty0")
    (port,) = found_ports(tmp_path, lambda: [])
    assert (port.device, port.name, port.words) == (str(tmp_path / "vtty0"), str(folder / "virtual"), "")


def test_a_machine_without_ports_has_none(tmp_path: Path) -> None:
    assert found_ports(tmp_path, lambda: []) == []


def test_all_names_of_a_port_lead_to_the_same_place(tmp_path: Path) -> None:
    dev = FakeDev(tmp_path)
    dev.plug("ttyUSB0", by_id="usb-A", by_path="pci-1", serial_number="A")
    assert len({real_port(name) for name in found(dev)[0].names}) == 1
    assert real_port("socket://host:1") == "socket://host:1"
