"""One file and one line make a new kind of action: all that shows, checks or keeps it asks the registry."""

from __future__ import annotations

import re
from threading import Event

import pytest
from django.db import IntegrityError, transaction

from bridges.actions.base import Carried, CarriedAction, Task
from bridges.actions.registry import ACTIONS, CARRIED
from bridges.admin.actions import options_inlines
from bridges.api.actions import ActionSerializer
from bridges.couriers.task_sender import is_task_target
from bridges.models import Rule, RuleAction
from bridges.models.rule_action import action_kinds
from bridges.pipeline.compilation import compiled_action
from bridges.pipeline.snapshot import EventAction, TaskAction
from devices.models import Device
from telemetry.delivery_kinds import delivery_kinds
from telemetry.options import Option
from telemetry.values import Verdict


class BeaconAction(CarriedAction):
    """A kind that is not there."""

    name = "beacon"
    label = "Beacon"
    does = "light a beacon"
    help = "Lit on a hill"
    main = "hill"
    options = (Option(name="hill", kind=str, default="", label="Hill"),)
    limit_s = 1.0

    def carry(self, task: Task, stopping: Event) -> Carried:
        return Carried(Verdict.DELIVERED)


@pytest.fixture
def beacon(monkeypatch: pytest.MonkeyPatch) -> type[CarriedAction]:
    monkeypatch.setitem(ACTIONS, BeaconAction.name, BeaconAction)
    monkeypatch.setitem(CARRIED, BeaconAction.name, BeaconAction)
    return BeaconAction


@pytest.fixture
def rule(db: None) -> Rule:
    return Rule.objects.create(name="heat")


@pytest.mark.usefixtures("beacon")
def test_a_new_kind_is_a_kind_of_action_and_of_delivery() -> None:
    assert ("beacon", "light a beacon") in action_kinds()
    assert ("beacon", "beacon") in delivery_kinds()
    assert is_task_target("beacon:heat")


@pytest.mark.usefixtures("beacon")
def test_a_new_kind_is_checked_saved_and_compiled(rule: Rule) -> None:
    action = RuleAction(rule=rule, kind="beacon", options={"hill": "Amon Din"})
    action.full_clean()
    action.save()
    assert compiled_action(action, "heat", 1) == TaskAction("beacon", "beacon:heat", None)


@pytest.mark.usefixtures("beacon")
def test_a_new_kind_has_a_form_and_a_field() -> None:
    assert BeaconAction in [inline.kind for inline in options_inlines()]
    taken = ActionSerializer().run_validation({"beacon": "Amon Din"})
    assert (taken["kind"], taken["options"]) == ("beacon", {"hill": "Amon Din"})


@pytest.mark.usefixtures("beacon")
def test_no_kind_of_the_registry_has_a_row_as_its_target(rule: Rule) -> None:
    device = Device.objects.create(name="scale", driver="lines", port="/dev/ttyUSB0")
    with pytest.raises(IntegrityError, match="rule_action_has_its_target"), transaction.atomic():
        RuleAction.objects.create(rule=rule, kind="beacon", options={"hill": "x"}, device=device)


@pytest.mark.django_db
def test_event_alone_is_carried_by_no_task() -> None:
    assert ACTIONS.keys() - CARRIED.keys() == {"event"}
    row = RuleAction(kind="event", options={"name": "hot"})
    assert compiled_action(row, "heat", 1) == EventAction("hot")


@pytest.mark.parametrize("name", ACTIONS)
def test_a_kind_fits_where_it_is_kept_and_begins_no_other_target(name: str) -> None:
    assert re.fullmatch(r"[a-z]{1,10}", name)
    assert name not in {"publish", "write", "batch", "broker", "device", "rule", "drain"}
    assert ACTIONS[name].name == name
