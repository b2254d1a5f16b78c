"""What a write that prints a ticket puts into the outbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from bridges.models import Rule, RuleAction, RuleSource
from bridges.pipeline.compilation import compile_snapshot
from bridges.pipeline.outputs import Origin, draft_delivery
from bridges.pipeline.snapshot import WriteAction
from bridges.pipeline.ticket_payloads import compiled_ticket
from bridges.rules.expression import Variables
from bridges.rules.rule import CompiledRule
from devices.models import Device, TicketTemplate
from devices.printing.ticket import TicketForm
from telemetry.ids import new_id
from telemetry.recording.batch import DeliveryDraft

START = b"\x1b@\x1bt\x13"


def drafted(
    template: str, payload: Any, *, transform: dict[str, str] | None = None, is_retained: bool = False
) -> DeliveryDraft | None:
    variables = Variables(
        payload=payload,
        readings={"weight": 1.5},
        device="scale",
        topic="lab/weight",
        source="broker:plant",
        time=datetime(2026, 1, 12, 16, 39, tzinfo=UTC),
    )
    rule = CompiledRule("print", 1, "", transform)
    output = rule.apply(variables).output
    data = orjson.dumps(payload if output is None else output)
    origin = Origin(UUID(int=1), "broker:plant", rule, "7", is_retained=is_retained)
    action = WriteAction("device:printer", ticket=compiled_ticket("weights", TicketForm(template=template)))
    return draft_delivery(action, data, variables, origin=origin, new_id=new_id)


def test_a_message_becomes_a_receipt() -> None:
    template = '{{ device }} {{ payload.n }} {{ readings.weight | fixed }} {{ topic }} {{ time | date("%H:%M") }}'
    draft = drafted(template, {"n": 5})
    assert draft is not None
    assert draft.payload == START + b"scale 5 1.50 lab/weight 16:39\n"
    assert (draft.state, orjson.loads(draft.properties)["form"]) == ("waiting", "ticket")


def test_the_template_sees_what_the_transform_makes() -> None:
    draft = drafted("{{ payload.kg }}", {"n": 5}, transform={"kg": "readings.weight / 1000.0"})
    assert draft is not None
    assert draft.payload == START + b"0.0015\n"


@pytest.mark.parametrize(
    "template", ["{{ payload.nothing }}", "{{ 1 / 0 }}", "{% for i in range(5000) %}{{ i }}{% endfor %}"]
)
def test_a_ticket_that_fails_is_a_dead_letter_that_says_why_and_keeps_the_message(template: str) -> None:
    draft = drafted(template, {"n": 5})
    assert draft is not None
    assert (draft.state, draft.payload) == ("dead", b'{"n":5}')
    assert draft.reason.startswith("the ticket weights could not be made: ")
    assert orjson.loads(draft.properties)["form"] == "unmade"


def test_a_retained_message_prints_no_ticket() -> None:
    assert drafted("x", {}, is_retained=True) is None


@pytest.mark.django_db
def test_a_rule_is_compiled_with_the_ticket_of_its_action() -> None:
    printer = Device.objects.create(name="printer", driver="escpos", port="/dev/printer")
    ticket = TicketTemplate.objects.create(name="weights", template="{{ payload.n }}")
    for name, extra in (("ticket", {"ticket": ticket}), ("raw", {"is_raw": True}), ("plain", {})):
        rule = Rule.objects.create(name=name)
        RuleSource.objects.create(rule=rule, packets=True)
        RuleAction.objects.create(rule=rule, kind="write", device=printer, **extra)
    actions = {active.rule.name: active.actions[0] for active in compile_snapshot().rules_by_packets}
    assert [getattr(actions[name], "form", None) for name in ("ticket", "raw", "plain")] == ["ticket", "raw", ""]
    assert getattr(actions["ticket"], "ticket", None) is not None


@pytest.mark.django_db
def test_a_rule_whose_ticket_is_broken_is_left_out_and_named() -> None:
    printer = Device.objects.create(name="printer", driver="escpos", port="/dev/printer")
    rule = Rule.objects.create(name="print")
    RuleSource.objects.create(rule=rule, packets=True)
    ticket = TicketTemplate.objects.create(name="weights", template="{% if %}")
    RuleAction.objects.create(rule=rule, kind="write", device=printer, ticket=ticket)
    snapshot = compile_snapshot()
    assert not snapshot.rules_by_packets
    assert "line 1" in snapshot.faults["rule print"]
