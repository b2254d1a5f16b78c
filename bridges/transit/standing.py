"""How a transit link stands, as pages show it: its own session, and which targets keep messages waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from bridges.transit.lane import Lane
from telemetry.links import LinkReport, LinkState

logger = logging.getLogger(__name__)


class Standing:
    """Puts the reports of several links together, and tells of changes only. For one thread."""

    def __init__(self, key: str, tell: Callable[[LinkReport], None]) -> None:
        self._key = key
        self._tell = tell
        self._own = LinkReport(key, LinkState.CONNECTING)
        self._targets: dict[str, LinkReport] = {}
        self._told: LinkReport | None = None

    def see(self, report: LinkReport) -> None:
        """One of the links changed its state; a link to a target has that as its key."""
        if report.link == self._key:
            self._own = report
        else:
            self._targets[report.link] = report

    def tell(self, lanes: Iterable[Lane]) -> None:
        """Say how things stand, if that is new."""
        words = {lane.target: lane.reason for lane in lanes if not lane.is_idle}
        words |= {target: said for target, report in self._targets.items() if (said := _said(report))}
        parts = (self._own.warning, *(f"{target}: {said}" for target, said in sorted(words.items()) if said))
        report = replace(self._own, warning=" ".join(part for part in parts if part))
        if report != self._told:
            self._told = report
            self._tell(report)


def _said(report: LinkReport) -> str:
    return report.warning if report.state is LinkState.CONNECTED else report.detail
