"""What pages are told of a transit link: its own session, and why messages wait for which target."""

from __future__ import annotations

from bridges.tests.test_courier import draft
from bridges.transit.lane import Lane
from bridges.transit.standing import Standing
from telemetry.links import LinkReport, LinkState

KEY = "transit:plant"


def test_it_says_of_each_target_that_is_away_why() -> None:
    told: list[LinkReport] = []
    standing = Standing(KEY, told.append)
    standing.see(LinkReport(KEY, LinkState.CONNECTED, "Connected to plant.", "A warning."))
    standing.see(LinkReport("broker:central", LinkState.REFUSED, "The password is wrong."))
    standing.see(LinkReport("broker:good", LinkState.CONNECTED, "Connected to good."))
    lanes = [Lane("broker:central", window=1), Lane("device:printer", window=1)]
    for lane in lanes:
        lane.add(draft())
        lane.stand(0, "nobody here holds it now")
    standing.tell(lanes)
    assert [(one.link, one.state, one.detail) for one in told] == [(KEY, LinkState.CONNECTED, "Connected to plant.")]
    assert told[0].warning == (
        "A warning. broker:central: The password is wrong. device:printer: nobody here holds it now"
    )


def test_it_tells_of_changes_only() -> None:
    told: list[LinkReport] = []
    standing, lane = Standing(KEY, told.append), Lane("device:printer", window=1)
    standing.tell([lane])
    standing.tell([lane])
    lane.add(draft())
    lane.stand(0, "no paper")
    standing.tell([lane])
    standing.tell([lane])
    assert [one.warning for one in told] == ["", "device:printer: no paper"]
