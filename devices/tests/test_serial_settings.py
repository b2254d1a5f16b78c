"""Which serial ports may be saved, and what is said when one does not open."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.serial.faults import opening_fault
from devices.serial.settings import SerialSettings, check_port
from telemetry.links import LinkLost
from telemetry.options import OptionFault


@pytest.mark.parametrize(
    "port",
    ["/dev/ttyUSB0", "/dev/serial/by-id/usb-FTDI-if00", "socket://scale.lan:4001", "rfc2217://[::1]:7000"],
)
def test_device_paths_and_two_network_schemes_are_allowed(port: str) -> None:
    assert check_port(f" {port} ") == port


@pytest.mark.parametrize(
    "port",
    [
        "",
        "ttyUSB0",
        "COM3",
        "/",
        "/dev/",
        "/dev/../etc/passwd",
        "/dev/tty\x00",
        "/dev/my scale",
        "loop://",
        "spy:///dev/ttyUSB0?file=/etc/passwd",
        "alt:///dev/ttyUSB0?class=PosixPollSerial",
        "file:///dev/ttyUSB0",
        "SOCKET://a:1",
        "socket://a",
        "socket://:1",
        "socket://a:0",
        "socket://a:99999",
        "socket://a:b",
        "socket://user@a:1",
        "socket://a:1/x",
        "socket://a:1?logging=debug",
        "socket://[::1",
    ],
)
def test_all_else_is_refused_with_the_name_of_the_field(port: str) -> None:
    with pytest.raises(OptionFault, match=r"^port: "):
        check_port(port)


@given(st.text(max_size=40) | st.text(alphabet="socket:/[]@.?#1a ", max_size=30))
def test_any_text_is_allowed_or_refused(text: str) -> None:
    try:
        port = check_port(text)
    except OptionFault:
        return
    assert port.startswith(("/", "socket://", "rfc2217://"))
    assert check_port(port) == port


def test_the_group_that_would_help_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "stat", lambda self: SimpleNamespace(st_gid=20, st_mode=0o020660))
    monkeypatch.setattr("grp.getgrgid", lambda number: SimpleNamespace(gr_name={20: "dialout"}[number]))
    fault = opening_fault(SerialSettings(port="/dev/ttyUSB0"), PermissionError(errno.EACCES, "Permission denied"))
    assert isinstance(fault, LinkLost)
    assert (
        str(fault) == "no permission for /dev/ttyUSB0: add the user of the hub to the group dialout and start it anew"
    )


def test_without_a_node_the_usual_group_is_named() -> None:
    fault = opening_fault(SerialSettings(port="/nowhere/tty"), PermissionError(errno.EACCES, "Permission denied"))
    assert "usually dialout" in str(fault)
