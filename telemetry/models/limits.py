"""What a target of Deliveries may be given at most: columns that Brokers and Devices share. Whoever carries obeys."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

MAX_DRAIN_RATE = 10_000
MAX_WAITING = 1_000_000


class DropPolicy(models.TextChoices):
    """What gives way when more wait than may."""

    KEEP = "keep", "nothing - all of them wait"
    OLDEST = "oldest", "the oldest - the newest are what counts"
    NEWEST = "newest", "the newest - the first come first"


class LimitedTarget(models.Model):
    """A target with limits. Without any, nothing is slowed down and nothing is dropped."""

    drain_rate = models.FloatField(
        "at most per second",
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_DRAIN_RATE)],
        help_text="Messages a second that go out at most, e.g. 20, or 0.1 for one in ten seconds. The others wait. "
        "Empty or 0: as fast as it takes them.",
    )
    max_waiting = models.PositiveIntegerField(
        "may wait at most",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_WAITING)],
        help_text="Messages. Only together with what is dropped; empty: as many as come.",
    )
    drop_policy = models.CharField(
        "if more wait, drop",
        max_length=6,
        choices=DropPolicy,
        default=DropPolicy.KEEP,
        help_text="What is dropped is kept as an expired delivery with its reason, and counted.",
    )

    class Meta:
        abstract = True

    def limit_faults(self) -> dict[str, str]:
        """What is wrong with the limits taken together, by field."""
        is_kept = self.drop_policy == DropPolicy.KEEP
        if is_kept and self.max_waiting is not None:
            return {"drop_policy": "Say what is dropped when more wait than this: the oldest or the newest."}
        if not is_kept and self.max_waiting is None:
            return {"max_waiting": f"Say how many may wait before the {self.drop_policy} are dropped."}
        return {}


def limit_constraints(noun: str) -> list[models.BaseConstraint]:
    """The constraints of these columns; `noun` starts their names."""
    return [
        models.CheckConstraint(
            condition=Q(drain_rate__isnull=True) | Q(drain_rate__gte=0, drain_rate__lte=MAX_DRAIN_RATE),
            name=f"{noun}_drain_rate_is_possible",
        ),
        models.CheckConstraint(
            condition=Q(drop_policy=DropPolicy.KEEP, max_waiting__isnull=True)
            | Q(drop_policy__in=[DropPolicy.OLDEST, DropPolicy.NEWEST], max_waiting__isnull=False, max_waiting__gte=1),
            name=f"{noun}_drops_only_beyond_a_number",
        ),
    ]
