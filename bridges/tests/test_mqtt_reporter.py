"""What the log says of a link: each change once, however often it is tried in between."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bridges.mqtt.reporter import Reporter
from telemetry.links import LinkReport, LinkState


class Quiet:
    """A watch and a subscriber without warnings, and a host that notes what it is told."""

    warning = ""
    warnings: dict[str, str] = {}

    def __init__(self) -> None:
        self.reports: list[LinkReport] = []

    def report(self, report: LinkReport) -> None:
        self.reports.append(report)


def test_each_connection_says_when_it_began_and_keeps_to_that() -> None:
    quiet: Any = Quiet()
    reporter = Reporter("broker:plant", quiet, host=quiet, subscriber=quiet, watch=quiet)
    for _ in range(2):
        reporter.report(LinkState.CONNECTED, "Connected.")
        reporter.report(LinkState.CONNECTED, "Connected again.")
        reporter.report(LinkState.LOST, "Connection refused.")
    first, same, _, second, *_ = (report.since for report in quiet.reports)
    assert first is not None
    assert second is not None
    assert first == same < second


def test_a_link_that_is_tried_again_and_again_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    quiet: Any = Quiet()
    reporter = Reporter("broker:plant", quiet, host=quiet, subscriber=quiet, watch=quiet)
    caplog.set_level(logging.INFO, "bridges.mqtt.reporter")

    for _ in range(3):
        reporter.report(LinkState.CONNECTING, "")
        reporter.report(LinkState.LOST, "Connection refused.")
    reporter.report(LinkState.CONNECTED, "Connected.")
    reporter.report(LinkState.LOST, "Connection refused.")

    assert [(record.levelname, record.getMessage(), vars(record)["link"]) for record in caplog.records] == [
        ("WARNING", "lost: Connection refused.", "broker:plant"),
        ("INFO", "connected: Connected.", "broker:plant"),
        ("WARNING", "lost: Connection refused.", "broker:plant"),
    ]
