"""Adam: gross or net, a sign and a weight."""

from __future__ import annotations

import pytest

from devices.tests.scale_samples import read, scale


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"G + 2.00 kg", {"kind": "weight", "mode": "gross", "stable": None, "decimals": 2}),
        (b"T - 0.50 kg", {"kind": "tare", "value": -0.5}),
        (b"?", {"kind": "error", "error": "unrecognised_command"}),
        (b"1.00 kg", {"kind": "fragment"}),
        (b"+ 1.00 kg", {"kind": "fragment"}),
    ],
)
def test_a_line_is_understood(line: bytes, expected: dict[str, object]) -> None:
    value = scale("adam").decode(line).value
    assert {name: value.get(name) for name in expected} == expected


def test_an_mdw_ends_its_lines_with_etx() -> None:
    first, second = read(scale("adam", line_end="etx"), [b"\n?\r\x03\nN +", b" 1.00 kg\r\x03"])
    assert first["kind"] == "error"
    assert second["value"] == 1.0
