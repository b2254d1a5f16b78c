"""Every write raises the version of the configuration, and one change of many writes raises it once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError

from telemetry.models import AlertRule, ConfigurationVersion, one_change

pytestmark = pytest.mark.django_db(transaction=True)


def add(name: str) -> None:
    AlertRule.objects.create(name=name, kind="disk-free")


def raised_by(act: Callable[[], object]) -> int:
    before = ConfigurationVersion.current()
    act()
    return ConfigurationVersion.current() - before


def test_each_write_raises_it() -> None:
    def act() -> None:
        add("one")
        AlertRule.objects.filter(name="one").update(label="new")
        AlertRule.objects.all().delete()

    assert raised_by(act) == 3


def test_one_change_raises_it_once_at_its_end() -> None:
    def act() -> None:
        with one_change():
            assert raised_by(lambda: add("one")) == 0
            with one_change():
                add("two")
            add("three")

    assert raised_by(act) == 1
    assert AlertRule.objects.count() == 3
    assert raised_by(lambda: add("four")) == 1


def test_one_change_without_writes_raises_nothing() -> None:
    def act() -> None:
        with one_change():
            AlertRule.objects.filter(name="none").update(label="new")

    assert raised_by(act) == 0


def test_of_a_change_that_fails_nothing_is_left_and_the_next_one_counts() -> None:
    def add_twice() -> None:
        with one_change():
            add("one")
            add("one")

    def act() -> None:
        with pytest.raises(IntegrityError):
            add_twice()

    assert raised_by(act) == 0
    assert not AlertRule.objects.exists()
    assert raised_by(lambda: add("one")) == 1
