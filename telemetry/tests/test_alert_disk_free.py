"""The alert for disks that fill up."""

from __future__ import annotations

from telemetry.alerts.base import DiskFact
from telemetry.alerts.kinds.disk_free import DiskFreeAlert
from telemetry.tests.alert_world import MadeUpWorld


def found(percent_free: int, standing: tuple[str, ...] = ()) -> list[str]:
    world = MadeUpWorld(disks=[DiskFact("pi", percent_free * 1_000_000_000, 100_000_000_000)])
    return [finding.detail for finding in DiskFreeAlert({"percent": 10}).find(world, standing)]


def test_little_free_space_is_bad_and_told_in_gigabytes() -> None:
    assert found(10) == []
    assert found(9) == ["9.0 % (9.0 GB) are free on pi."]


def test_it_must_grow_a_little_above_the_limit_to_be_good_again() -> None:
    assert found(10, ("host:pi",))
    assert not found(11, ("host:pi",))


def test_a_host_that_does_not_know_its_disk_is_not_told() -> None:
    assert not list(DiskFreeAlert().find(MadeUpWorld(disks=[DiskFact("pi", 0, 0)]), ()))
