"""A rule's tickets are tried on its sample when it is saved, and what fails is a warning."""

from __future__ import annotations

import pytest

from bridges.models import Rule, RuleAction, RuleSource
from devices.models import Device, TicketTemplate

pytestmark = pytest.mark.django_db


def printing_rule(template: str, **fields: object) -> Rule:
    scale = Device.objects.create(name="scale", driver="kern-tws", port="/dev/scale")
    printer = Device.objects.create(name="printer", driver="escpos", port="/dev/printer")
    ticket = TicketTemplate.objects.create(name="weighing", template=template)
    rule = Rule.objects.create(**{"name": "print", "sample": "     100.003 g  "} | fields)
    RuleSource.objects.create(rule=rule, device=scale)
    RuleAction.objects.create(rule=rule, kind="write", device=printer, ticket=ticket)
    return Rule.objects.get()


def test_a_ticket_that_prints_an_object_is_warned_of_with_the_names_of_its_parts() -> None:
    (warning,) = printing_rule("{{ payload | trim }}").warnings()
    assert warning.startswith("The ticket weighing could not be made: an object is no text: name one of its parts (")
    assert "raw" in warning
    assert warning.endswith("(tried on the sample).")


def test_a_ticket_that_fits_its_source_brings_no_warning() -> None:
    assert printing_rule("{{ payload.raw | trim }}").warnings() == []


def test_a_ticket_is_tried_on_what_the_transform_makes() -> None:
    assert printing_rule("{{ payload.kg }}", transform='{"kg": "payload.value / 1000.0"}').warnings() == []


def test_a_ticket_of_a_batch_is_tried_on_a_batch() -> None:
    assert printing_rule("{{ batch.count }}", every_s=10).warnings() == []


def test_a_message_that_the_condition_refuses_says_nothing_of_the_ticket() -> None:
    assert printing_rule("{{ payload | trim }}", condition='payload.kind == "error"').warnings() == []


def test_a_ticket_that_cannot_be_compiled_is_warned_of() -> None:
    (warning,) = printing_rule("{% if %}").warnings()
    assert "The ticket weighing cannot be used: line 1" in warning
