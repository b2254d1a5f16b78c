"""The alert for links that are down."""

from __future__ import annotations

import pytest

from telemetry.alerts.base import LinkFact
from telemetry.alerts.kinds.link_down import LinkDownAlert
from telemetry.tests.alert_world import MadeUpWorld


@pytest.mark.parametrize("state", ["waiting", "connecting", "lost", "refused"])
def test_a_link_that_is_not_connected_is_bad(state: str) -> None:
    world = MadeUpWorld(links=[LinkFact("broker:plant", state, "No route to host.")])

    (finding,) = LinkDownAlert().find(world, ())

    assert (finding.subject, finding.detail) == ("broker:plant", f"broker:plant is {state}. No route to host.")


@pytest.mark.parametrize("state", ["connected", "disabled"])
def test_a_link_that_works_or_is_switched_off_is_good(state: str) -> None:
    assert not list(LinkDownAlert().find(MadeUpWorld(links=[LinkFact("broker:plant", state)]), ()))


def test_of_one_link_no_other_is_told() -> None:
    world = MadeUpWorld(links=[LinkFact("broker:a", "lost"), LinkFact("broker:b", "lost")])

    assert [found.subject for found in LinkDownAlert({"link": "broker:b"}).find(world, ())] == ["broker:b"]


def test_a_short_loss_is_nobodys_business() -> None:
    assert LinkDownAlert().for_s == 60
    assert LinkDownAlert({"for_s": 5, "clear_s": 7}).clear_s == 7
