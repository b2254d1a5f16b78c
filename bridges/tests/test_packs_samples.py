"""No sample of a real device is left out of the packs: each line and each payload stands in one of them."""

from __future__ import annotations

from pathlib import Path

from bridges.packs.library import shipped_packs
from bridges.tests.decoding import SAMPLES
from devices.tests.scale_samples import samples

STEPS = [step for pack in shipped_packs() for test in pack.tests for step in test.steps]


def test_every_payload_of_the_ecosystems_is_in_a_pack() -> None:
    known = {(step.topic, step.payload) for step in STEPS if step.topic is not None}
    missing = [sample["topic"] for sample in SAMPLES if (sample["topic"], sample["payload"].encode()) not in known]
    assert missing == []


def test_every_line_of_the_scales_and_printers_is_in_a_pack() -> None:
    lines = {step.line for step in STEPS} | {step.answered for step in STEPS}
    sent = {str(step.expect.get("sends", "")).encode("latin-1") for step in STEPS}
    assert [str(sample) for sample in samples() if sample.line not in lines | sent] == []


def test_the_capture_of_a_meter_is_in_a_pack() -> None:
    capture = (Path(__file__).parent / "samples" / "kpm33b_eny_120.log").read_text("utf-8")
    logs = [step.log for step in STEPS if step.log]
    assert [line for line in capture.splitlines() if not any(line in log for log in logs)] == []
