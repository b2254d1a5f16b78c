"""Counters that must balance, written in the transaction of what they count."""

from __future__ import annotations

from django.db import models


class LedgerEntry(models.Model):
    """What one link took in and was given to carry out, in one hour (the hour of arrival or creation).

    In: received = stored + passed + duplicate + dead + dropped. Out: created = delivered + refused + expired +
    unknown + those still waiting.
    """

    link = models.TextField()
    hour = models.DateTimeField()
    received = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    passed = models.BigIntegerField(default=0, db_default=0)  # in transit: went on without being stored
    duplicate = models.BigIntegerField(default=0)
    dead = models.BigIntegerField(default=0)
    dropped = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    unknown = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-hour", "link"]
        verbose_name_plural = "ledger"
        constraints = [models.UniqueConstraint(fields=["link", "hour"], name="ledger_entry_is_one_row")]

    def __str__(self) -> str:
        return f"{self.link} {self.hour:%Y-%m-%d %H}h"


class RuleCount(models.Model):
    """What became of a rule's evaluations, over its life."""

    rule = models.TextField(primary_key=True)
    matched = models.BigIntegerField(default=0)
    unmatched = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    looped = models.BigIntegerField(default=0, help_text="messages that this rule had itself brought about")
    last_error = models.TextField(blank=True, default="")
    last_error_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.rule
