"""MT-SICS: replies name their command, so one that comes late is not taken for another's."""

from __future__ import annotations

import pytest

from devices.drivers.commands import Part
from devices.tests.scale_samples import scale


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"T S     12.340 g", {"kind": "tare", "value": 12.34, "stable": True, "command": "T"}),
        (b"TI D     0.5 kg", {"kind": "tare", "value": 0.5, "unit": "kg", "stable": False}),
        (b"S S        25 PCS", {"kind": "count", "value": 25.0, "unit": "pcs"}),
        (b"S S     100.00", {"kind": "weight", "unit": "", "value": 100.0}),
        (b"     T       1.0000 g", {"kind": "tare", "mode": "tare"}),
        (b"S +", {"kind": "error", "error": "overload"}),
        (b"S -", {"kind": "error", "error": "underload", "command": "S"}),
        (b"Z I", {"kind": "error", "command": "Z"}),
        (b"TA L", {"kind": "error", "error": "bad_parameter"}),
        (b"EL", {"kind": "error", "error": "logical_error"}),
        (b'I4 A "B021002593"', {"kind": "info", "serial_number": "B021002593"}),
        (b'I2 A "AB204-S"', {"kind": "info", "model": "AB204-S"}),
        (b'I3 A "2.10 10.28.0.493.142"', {"kind": "info", "says": "2.10 10.28.0.493.142"}),
        (b"Standard V1", {"kind": "info"}),
        (b"0.00 g", {"kind": "fragment"}),
        (b"S S     0,450 kg", {"kind": "fragment"}),
    ],
)
def test_a_reply_is_understood(line: bytes, expected: dict[str, object]) -> None:
    value = scale("mt-sics").decode(line).value
    assert {name: value.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("asked", "said", "part"),
    [
        (b"SI", b"S D 1.234 g", Part.LAST),
        (b"S", b"S I", Part.LAST),
        (b"S", b"ES", Part.LAST),
        (b"T", b"S S 1.234 g", Part.NONE),
        (b"S", b"Z A", Part.NONE),
        (b"@", b'I4 A "123"', Part.LAST),
        (b"I0", b'I0 B 0 "I0"', Part.MORE),
        (b"I0", b'I0 A 0 "I0"', Part.LAST),
        (b"M21", b"S S 1.234 g", Part.LAST),  # no command that the driver knows: any line may be its answer
    ],
)
def test_only_a_reply_to_the_same_command_answers_it(asked: bytes, said: bytes, part: Part) -> None:
    assert scale("mt-sics").answer_part(asked, said, seen=0) is part


def test_commands_end_with_cr_lf() -> None:
    driver = scale("mt-sics")
    zero = driver.command("zero")
    assert zero is not None
    assert driver.encode(zero.data) == b"Z\r\n"
