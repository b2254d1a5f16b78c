"""From what is bad now to alerts that open once, do not flap, clear, and survive a restart."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from telemetry.alerts import evaluation
from telemetry.alerts.base import CLEAR, AlertKind, Finding, World, lasting
from telemetry.alerts.evaluation import acknowledge, clear_orphans, evaluate
from telemetry.alerts.registry import ALERT_KINDS
from telemetry.models import Alert, AlertRule
from telemetry.tests.alert_world import NOW, MadeUpWorld

pytestmark = pytest.mark.django_db


class Made(AlertKind):
    """Finds what the test says."""

    name, label, help = "made", "Made up", ""
    options = (lasting(60.0), CLEAR)
    bad: tuple[str, ...] = ()
    was_standing: Collection[str] = ()

    def find(self, world: World, standing: Collection[str]) -> Iterable[Finding]:
        self.was_standing = standing
        return [Finding(subject, f"{subject} is bad.") for subject in self.bad]


@pytest.fixture
def rule() -> AlertRule:
    return AlertRule.objects.create(name="r", kind="link-down", severity="critical")


def look(rule: AlertRule, kind: Made, *bad: str, after_s: float) -> list[Alert]:
    kind.bad = bad
    return evaluate(rule, kind, MadeUpWorld(now=NOW + timedelta(seconds=after_s)))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_what_is_bad_opens_an_alert_once_it_lasted(rule: AlertRule) -> None:
    kind = Made({"for_s": 60})
    assert look(rule, kind, "a", after_s=0) == []
    assert look(rule, kind, "a", after_s=55) == []
    (opened,) = look(rule, kind, "a", after_s=60)
    assert (opened.state, opened.severity, opened.detail) == ("open", "critical", "a is bad.")
    assert (opened.bad_since, opened.opened_at, opened.notice) == (at(0), at(60), "open")
    assert look(rule, kind, "a", after_s=65) == []
    assert Alert.objects.count() == 1


def test_what_was_bad_for_a_moment_is_forgotten(rule: AlertRule) -> None:
    kind = Made({"for_s": 60})
    look(rule, kind, "a", after_s=0)
    look(rule, kind, after_s=30)
    assert not Alert.objects.exists()
    assert look(rule, kind, "a", after_s=61) == []


def test_without_a_least_time_it_opens_at_once(rule: AlertRule) -> None:
    assert [alert.state for alert in look(rule, Made({"for_s": 0}), "a", after_s=0)] == ["open"]


def test_it_clears_only_when_it_stayed_good(rule: AlertRule) -> None:
    kind = Made({"for_s": 0, "clear_s": 30})
    look(rule, kind, "a", after_s=0)
    assert look(rule, kind, after_s=10) == []
    look(rule, kind, "a", after_s=20)  # it flaps
    assert look(rule, kind, after_s=30) == []
    assert look(rule, kind, after_s=59) == []
    (cleared,) = look(rule, kind, after_s=60)
    assert (cleared.state, cleared.cleared_at, cleared.notice) == ("cleared", at(60), "cleared")
    assert Alert.objects.count() == 1


def test_the_next_time_is_another_alert(rule: AlertRule) -> None:
    kind = Made({"for_s": 0, "clear_s": 0})
    for seconds in (0, 20):
        look(rule, kind, "a", after_s=seconds)
        look(rule, kind, after_s=seconds + 10)
    assert list(Alert.objects.values_list("state", flat=True)) == ["cleared", "cleared"]


def test_a_kind_is_told_which_subjects_people_know_of(rule: AlertRule) -> None:
    kind = Made({"for_s": 10})
    look(rule, kind, "a", after_s=0)
    look(rule, kind, "a", "b", after_s=10)
    look(rule, kind, "a", "b", after_s=11)
    assert set(kind.was_standing) == {"a"}


def test_a_pause_in_looking_does_not_count_as_being_bad(rule: AlertRule) -> None:
    kind = Made({"for_s": 60})
    look(rule, kind, "a", after_s=0)
    assert look(rule, kind, "a", after_s=3600) == []
    assert look(rule, kind, "a", after_s=3660)


def test_an_acknowledged_alert_stays_so_until_it_is_over(rule: AlertRule) -> None:
    kind = Made({"for_s": 0, "clear_s": 0})
    (alert,) = look(rule, kind, "a", after_s=0)
    assert acknowledge(alert, by="user:1", now=at(5))
    assert not acknowledge(alert, by="user:2", now=at(6))
    look(rule, kind, "a", after_s=10)
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by, alert.acknowledged_at) == ("acknowledged", "user:1", at(5))
    look(rule, kind, after_s=20)
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("cleared", "user:1")


def test_alerts_of_a_rule_that_is_gone_are_cleared_without_a_word(rule: AlertRule) -> None:
    look(rule, Made({"for_s": 0}), "a", after_s=0)
    look(rule, Made({"for_s": 60}), "a", "b", after_s=1)

    cleared = clear_orphans(["another"], at(2))

    assert [(alert.subject, alert.state, alert.notice) for alert in cleared] == [("a", "cleared", "")]
    assert not Alert.objects.filter(state="pending").exists()


def test_a_flood_of_subjects_is_bounded(rule: AlertRule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_STANDING", 3)
    kind = Made({"for_s": 0})
    look(rule, kind, "a", after_s=0)
    look(rule, kind, *"bcdea", after_s=1)
    assert set(Alert.objects.values_list("subject", flat=True)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "nonsense"}, "kind"),
        ({"kind": "link-down", "options": {"x": 1}}, "options"),
        ({"kind": "link-down", "options": []}, "options"),
        ({"kind": "value-range"}, "options"),
    ],
)
def test_a_rule_that_cannot_work_is_not_saved(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as fault:
        AlertRule(name="x", **fields).full_clean()
    assert field in fault.value.message_dict


def test_every_kind_names_itself_and_takes_its_own_defaults_where_it_can() -> None:
    for name, kind in ALERT_KINDS.items():
        assert (kind.name, bool(kind.label and kind.help)) == (name, True)
        if name != "value-range":
            kind({})
