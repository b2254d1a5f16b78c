"""Tickets and raw bytes as parts of a rule: over REST, in the admin and in the config file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from PIL import Image

from bridges.config_file.faults import ConfigFileRefused
from bridges.config_file.importer import import_config
from bridges.config_file.writer import export_config
from bridges.models import Rule, RuleAction
from devices.models import Device, TicketTemplate
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
RULES = "/api/v1/rules"
FILE = """
version: 1
devices:
  - {name: printer, driver: escpos, port: /dev/printer}
tickets:
  - name: weights
    template: |
      {{ center(big("Weight")) }}
      {{ payload.n }}
    width: 32
    sample: '{"n": 1}'
rules:
  - {name: print, sources: [{packets: true}], actions: [{write: printer, ticket: weights}]}
  - {name: copy, sources: [{packets: true}], actions: [{write: printer, raw: true}]}
"""


@pytest.fixture(autouse=True)
def _rows() -> None:
    Device.objects.create(name="printer", driver="escpos", port="/dev/printer")
    Device.objects.create(name="scale", driver="lines", port="/dev/scale")
    TicketTemplate.objects.create(name="weights", template="x")


def post(action: dict[str, Any], client: Client | None = None) -> Any:
    body = {"name": "print", "sources": [{"packets": True}], "actions": [action]}
    return (client or staff_client()).post(RULES, body, content_type="application/json")


@pytest.mark.parametrize(
    ("action", "form"),
    [({}, ""), ({"ticket": "weights"}, "ticket"), ({"raw": True}, "raw")],
)
def test_a_write_says_what_is_printed(action: dict[str, Any], form: str) -> None:
    answer = post({"write": "printer", **action})
    assert answer.status_code == 201
    assert answer.json()["actions"] == [{"write": "printer", **action}]
    assert RuleAction.objects.get().form == form


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ({"write": "printer", "ticket": "nothing"}, "ticket"),
        ({"write": "scale", "ticket": "weights"}, "ticket"),
        ({"write": "scale", "raw": True}, "raw"),
        ({"write": "printer", "ticket": "weights", "raw": True}, "raw"),
        ({"event": "x", "ticket": "weights"}, "ticket"),
        ({"ticket": "weights"}, "action"),
    ],
)
def test_what_cannot_be_printed_is_told_at_its_place(action: dict[str, Any], field: str) -> None:
    answer = post(action)
    assert answer.status_code == 400
    assert field in str(answer.json()["errors"]).lower()
    assert not RuleAction.objects.exists()


def test_raw_bytes_need_the_permission() -> None:
    user = User.objects.create_user("bert", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_rule", "change_rule"]))
    client = Client()
    client.force_login(user)
    assert "raw bytes" in str(post({"write": "printer", "raw": True}, client).json()["errors"])
    user.user_permissions.add(Permission.objects.get(codename="print_raw"))
    assert post({"write": "printer", "raw": True}, client).status_code == 201


def test_a_ticket_that_a_rule_prints_cannot_be_removed() -> None:
    client = staff_client()
    post({"write": "printer", "ticket": "weights"}, client)
    answer = client.delete("/api/v1/tickets/weights")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert TicketTemplate.objects.exists()


def test_the_config_file_says_the_same() -> None:
    import_config(FILE.encode())
    assert {row.rule.name: row.form for row in RuleAction.objects.all()} == {"print": "ticket", "copy": "raw"}
    assert TicketTemplate.objects.get().width == 32
    exported = export_config()
    assert '      {{ center(big("Weight")) }}\n' in exported
    report = import_config(exported.encode())
    assert (report.changes, report.unchanged) == ([], 5)


def test_the_config_file_reads_a_logo_and_writes_where_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    out = BytesIO()
    Image.new("RGB", (16, 8), "black").save(out, "PNG")
    path.write_bytes(out.getvalue())
    text = f"version: 1\ntickets:\n  - {{name: logo, template: '{{{{ logo() }}}}', logo: {{file: {path}}}}}\n"
    import_config(text.encode())
    assert bytes(TicketTemplate.objects.get(name="logo").logo).startswith(b"\x89PNG")
    exported = export_config()
    assert f"file: {path}" in exported
    assert import_config(exported.encode()).changes == []


def test_a_logo_that_is_not_there_is_a_fault_with_its_line() -> None:
    with pytest.raises(ConfigFileRefused, match="logo"):
        import_config(b"version: 1\ntickets:\n  - {name: logo, template: x, logo: {file: /nowhere.png}}\n")


def test_prune_removes_a_ticket_with_the_rule_that_prints_it() -> None:
    import_config(FILE.encode())
    import_config(b"version: 1\ntickets: []\nrules: []\n", prune=True)
    assert not TicketTemplate.objects.exists()
    assert not Rule.objects.exists()


def test_a_rules_admin_page_offers_tickets() -> None:
    import_config(FILE.encode())
    client = staff_client()
    page = client.get(f"/admin/bridges/rule/{Rule.objects.get(name='print').pk}/change/").content.decode()
    assert 'name="actions-0-ticket"' in page
    assert 'name="actions-0-is_raw"' in page
