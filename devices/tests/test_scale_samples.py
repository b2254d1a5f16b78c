"""Every line in the file of samples, of scales and of printers, is understood as what it is stated to mean."""

from __future__ import annotations

import pytest

from devices.drivers.weighing import MEASURED
from devices.printing.printer_status import QUESTIONS, is_answer, standing
from devices.tests.scale_samples import DRIVER_OF, SCALES, Sample, read, samples, scale

ALL = samples()
ANSWERS = [sample for sample in ALL if sample.protocol in DRIVER_OF and not sample.is_command]
PRINTER = [sample for sample in ALL if sample.protocol.startswith("ESC/POS DLE EOT")]
FINE = 0x12
WORDS = {"paper end": "paper-out", "error occurred": "printer-error"}  # anything else is no reason to wait
COMMANDS = [sample for sample in ALL if sample.is_command]


def _options(sample: Sample) -> dict[str, str]:
    return {"line_end": "etx"} if sample.line.endswith(b"\x03") else {}


@pytest.mark.parametrize("sample", ANSWERS, ids=str)
def test_a_line_means_what_the_sample_states(sample: Sample) -> None:
    (value,) = read(scale(DRIVER_OF[sample.protocol], **_options(sample)), [sample.line])
    assert {name: value.get(name) for name in sample.meaning} == sample.meaning


@pytest.mark.parametrize("sample", ANSWERS, ids=str)
def test_only_what_was_measured_gives_readings(sample: Sample) -> None:
    driver = scale(DRIVER_OF[sample.protocol], **_options(sample))
    (frame,) = driver.framer().feed(sample.line)
    decoded = driver.decode(frame.data)
    assert bool(decoded.readings) is (decoded.value["kind"] in MEASURED)
    if decoded.readings:
        assert decoded.readings[0].value == sample.meaning["value"]
        assert decoded.readings[0].unit == sample.meaning.get("unit", "")
        stable = [reading.value for reading in decoded.readings if reading.metric == "stable"]
        assert stable == [float(known) for known in [decoded.value["stable"]] if known is not None]


@pytest.mark.parametrize("sample", COMMANDS, ids=str)
def test_a_command_is_one_that_the_driver_knows_by_name(sample: Sample) -> None:
    driver = scale(DRIVER_OF[sample.protocol])
    assert sample.line in [driver.encode(command.data) for command in driver.commands]


@pytest.mark.parametrize("sample", PRINTER, ids=str)
def test_a_status_byte_of_a_printer_means_what_the_sample_states(sample: Sample) -> None:
    byte, request = sample.meaning["byte"], sample.meaning["request"].encode()
    assert sample.line == bytes([byte])
    assert is_answer(byte)
    said = standing([byte if question == request else FINE for question in QUESTIONS])
    expected = next((word for text, word in WORDS.items() if text in sample.meaning["text"]), "")
    assert said.reason.partition(":")[0] == expected


def test_no_line_of_the_file_is_left_out() -> None:
    assert len(ANSWERS) + len(COMMANDS) + len(PRINTER) == len(ALL)
    assert {DRIVER_OF[sample.protocol] for sample in ANSWERS} == set(SCALES)
