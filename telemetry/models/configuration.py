"""The version of the configuration: one number that every process compares each second.

Every write to a configured model raises it, whichever way the write came: save, delete, a bulk call or
`QuerySet.update`. No signals: the base class and its query set do it where the write happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F

Row = TypeVar("Row", bound=models.Model)


class _Change:
    """What is known of a change that stands open: whether anything was written in it."""

    has_writes = False


_open: ContextVar[_Change | None] = ContextVar("open configuration change", default=None)


class ConfigurationVersion(models.Model):
    """The single row that holds the version."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="configuration_version_is_one_row")]

    def __str__(self) -> str:
        return f"configuration {self.version}"

    @classmethod
    def current(cls) -> int:
        """The version now; 1 before the first change."""
        return cls.objects.filter(id=1).values_list("version", flat=True).first() or 1

    @staticmethod
    def advance() -> None:
        """Raise the version by one, in the caller's transaction; within `one_change` at its end."""
        if (change := _open.get()) is not None:
            change.has_writes = True
            return
        rows = ConfigurationVersion.objects
        if not rows.filter(id=1).update(version=F("version") + 1):
            rows.bulk_create([ConfigurationVersion(id=1, version=2)], ignore_conflicts=True)


@contextmanager
def one_change() -> Iterator[None]:
    """A transaction that raises the version once, as its last act: all who configure wait for that row."""
    if _open.get() is not None:
        with transaction.atomic():
            yield
        return
    with transaction.atomic():
        change = _Change()
        token = _open.set(change)
        try:
            yield
        finally:
            _open.reset(token)
        if change.has_writes:
            ConfigurationVersion.advance()


class ConfiguredQuerySet(models.QuerySet[Row]):
    """A query set whose writes raise the configuration version."""

    def update(self, **kwargs: Any) -> int:
        changed = super().update(**kwargs)
        if changed:
            ConfigurationVersion.advance()
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        deleted = super().delete()
        ConfigurationVersion.advance()
        return deleted

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        created = super().bulk_create(objs, *args, **kwargs)
        ConfigurationVersion.advance()
        return created

    def bulk_update(self, objs: Iterable[Row], fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        changed = super().bulk_update(objs, fields, *args, **kwargs)
        ConfigurationVersion.advance()
        return changed


ConfiguredManager = models.Manager.from_queryset(ConfiguredQuerySet)


class ConfiguredModel(models.Model):
    """Base of every row that a person configures."""

    objects = ConfiguredManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        ConfigurationVersion.advance()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        ConfigurationVersion.advance()
        return deleted
