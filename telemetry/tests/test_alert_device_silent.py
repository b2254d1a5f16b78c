"""The alert for devices that fall silent."""

from __future__ import annotations

from telemetry.alerts.base import DeviceFact
from telemetry.alerts.kinds.device_silent import DeviceSilentAlert
from telemetry.tests.alert_world import MadeUpWorld, before

KIND = DeviceSilentAlert({"times": 5, "minimum_s": 60})


def world(silent_s: float, usual_s: float | None, **fields: object) -> MadeUpWorld:
    return MadeUpWorld(devices=[DeviceFact("esp", before(silent_s), usual_s)], **fields)  # type: ignore[arg-type]


def test_silence_is_measured_by_the_devices_own_habit() -> None:
    assert not list(KIND.find(world(290, 60), ()))
    (finding,) = KIND.find(world(301, 60), ())
    assert finding.subject == "device:esp"
    assert finding.detail == "esp has said nothing for 5 min; usual are 60 s."


def test_a_chatty_device_may_still_be_silent_for_the_least_time() -> None:
    assert not list(KIND.find(world(59, 0.5), ()))
    (finding,) = KIND.find(world(61, 0.5), ())
    assert "usual are 0.5 s" in finding.detail


def test_a_device_without_a_habit_is_never_silent() -> None:
    assert not list(KIND.find(world(1e6, None), ()))


def test_what_was_not_heard_while_the_hub_was_off_is_not_held_against_it() -> None:
    started = world(7200, 10, watched_since=before(30))
    assert not list(KIND.find(started, ()))
    assert list(KIND.find(started, {"device:esp"})), "but an alert that stands is not cleared by a restart"
    assert list(KIND.find(world(7200, 10, watched_since=before(70)), ()))


def test_of_one_device_no_other_is_told() -> None:
    assert not list(DeviceSilentAlert({"device": "other"}).find(world(1e6, 60), ()))
