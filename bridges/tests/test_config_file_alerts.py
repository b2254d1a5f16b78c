"""Alert rules in the config file: round trip, and addresses that are references only."""

from __future__ import annotations

from typing import Any

import pytest

from bridges.config_file.faults import ConfigFileRefused
from bridges.config_file.importer import import_config
from bridges.config_file.writer import export_config
from telemetry.models import AlertRule

pytestmark = pytest.mark.django_db
ADDRESS = "json://user:s3cret@127.0.0.1:1"
FILE = b"""
version: 1
alerts:
  - {name: fridge, kind: value-range, severity: critical, options: {metric: temp, highest: "8"}, notify: {env: ALERTS}}
"""


@pytest.fixture(autouse=True)
def environment(settings: Any) -> None:
    settings.PATCHBAY_READ_ENVIRONMENT = lambda: {"ALERTS": ADDRESS}


def read(text: bytes) -> Any:
    return import_config(text, prune=False, force=False, dry_run=False)


def test_alert_rules_come_in_with_their_addresses_from_the_environment() -> None:
    read(FILE)

    rule = AlertRule.objects.get()
    assert (rule.kind, rule.severity, rule.options) == (
        "value-range",
        "critical",
        {"metric": "temp", "highest": "8"},
    )
    assert (rule.targets, rule.notify_reference, rule.edited_on_web) == ([ADDRESS], "env:ALERTS", False)


def test_what_is_exported_is_what_was_imported_and_tells_no_address() -> None:
    read(FILE)

    text = export_config()

    assert "notify: {env: ALERTS}" in text
    assert "s3cret" not in text
    assert read(text.encode()).changes == []


def test_addresses_typed_on_the_web_stay_and_are_hinted_at() -> None:
    AlertRule.objects.create(name="fridge", kind="link-down", notify=ADDRESS)

    text = export_config()

    assert "s3cret" not in text
    assert "# notify: {env: NAME}" in text
    read(text.encode())
    assert AlertRule.objects.get().notify == ADDRESS


def test_a_reference_that_is_taken_away_takes_the_addresses_away() -> None:
    read(FILE)

    read(FILE.replace(b", notify: {env: ALERTS}", b""))

    assert AlertRule.objects.get().notify == ""


def test_an_address_in_the_file_itself_is_refused() -> None:
    with pytest.raises(ConfigFileRefused):
        read(FILE.replace(b"{env: ALERTS}", ADDRESS.encode()))
