"""The alert for dead letters that come too often."""

from __future__ import annotations

from telemetry.alerts.kinds.error_rate import ErrorRateAlert
from telemetry.tests.alert_world import MadeUpWorld


def test_so_many_within_the_time_are_bad() -> None:
    world = MadeUpWorld(all_errors={"broker:plant": 10, "packets": 9})

    found = list(ErrorRateAlert({"errors": 10, "minutes": 2}).find(world, ()))

    assert [finding.detail for finding in found] == ["10 dead letters of broker:plant in 2 min."]
    assert world.asked_s == 120


def test_another_source_is_not_told() -> None:
    kind = ErrorRateAlert({"subject": "packets", "errors": 1})

    assert [f.subject for f in kind.find(MadeUpWorld(all_errors={"broker:a": 5, "packets": 5}), ())] == ["packets"]
