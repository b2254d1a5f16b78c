"""What a printer's answers to DLE EOT mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.readiness import Standing
from devices.printing.printer_status import is_answer, standing

LOW = "The paper is nearly at its end."


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((0x12, 0x12, 0x12), Standing()),
        ((0x12, 0x12, 0x1E), Standing("", LOW)),
        ((0x1A, 0x32, 0x72), Standing("paper-out: the printer has no paper")),
        ((0x12, 0x12, 0x72), Standing("paper-out: the printer has no paper")),
        ((0x1A, 0x32, 0x12), Standing("paper-out: the printer has no paper")),
        ((0x1A, 0x16, 0x12), Standing("cover-open: the printer's cover is open")),
        ((0x1A, 0x52, 0x12), Standing("printer-error: the printer reports an error")),
        ((0x1A, 0x12, 0x12), Standing("offline: the printer is offline")),
    ],
)
def test_the_answers_say_whether_a_job_may_begin(answers: tuple[int, ...], said: Standing) -> None:
    assert standing(answers) == said


@pytest.mark.parametrize("byte", [0x12, 0x16, 0x1A, 0x1E, 0x32, 0x72])
def test_answers_are_told_by_their_form(byte: int) -> None:
    assert is_answer(byte)


@pytest.mark.parametrize("byte", [0x11, 0x13, 0x00, 0x10, 0x0A, 0x92, 0x41])
def test_flow_control_and_text_are_no_answers(byte: int) -> None:
    assert not is_answer(byte)


@given(st.tuples(*[st.sampled_from([byte for byte in range(256) if is_answer(byte)])] * 3))
def test_any_answers_have_a_meaning(answers: tuple[int, ...]) -> None:
    assert isinstance(standing(answers), Standing)
