"""docs/drivers.md names every driver, and every command and option of the scales."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.drivers.registry import DRIVERS
from devices.drivers.scale import OPTIONS, ScaleDriver

PAGE = (Path(__file__).parents[2] / "docs" / "drivers.md").read_text()


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_every_driver_is_on_the_page(name: str) -> None:
    assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("name", [name for name, kind in DRIVERS.items() if issubclass(kind, ScaleDriver)])
def test_every_command_is_on_the_page_with_its_bytes(name: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |") and "`print`" in line]
    for command in DRIVERS[name].commands:
        said = command.data.decode().removeprefix("\x1b")
        escape = "ESC " if command.data.startswith(b"\x1b") else ""
        silence = ", no answer" if not command.lines else ""
        assert f"`{command.name}` ({escape}`{said}`{silence})" in row


@pytest.mark.parametrize("option", [option.name for option in OPTIONS])
def test_every_option_is_on_the_page(option: str) -> None:
    assert f"`{option}`" in PAGE
