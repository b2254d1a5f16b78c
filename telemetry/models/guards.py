"""Rows that keep promises: who holds a link, what was committed, what must not be taken twice."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """The right of exactly one worker to hold a link. `token` rises with each new holder (fencing)."""

    key = models.TextField(primary_key=True)
    owner = models.TextField(help_text="host:pid:start of the holding process; '' when free")
    host = models.TextField(default="")
    token = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} {self.owner} {self.token}"


class TargetState(models.Model):
    """A target that was away when a task last tried it. No row: it is tried at once."""

    target = models.TextField(primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="in a row")
    next_try_at = models.DateTimeField()
    reason = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.target} {self.reason}"


class CommitMark(models.Model):
    """The number of the last batch that a committer committed.

    A connection lost during COMMIT leaves the outcome open; this row, written in the same transaction,
    tells whether the batch is in.
    """

    committer = models.TextField(primary_key=True)
    number = models.BigIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.committer} {self.number}"


class UnreleasedPacket(models.Model):
    """A QoS 2 packet id that is committed and that the broker has not released yet (MQTT 5, 4.3.3)."""

    link = models.TextField()
    packet_id = models.PositiveIntegerField()
    message_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "packet_id"], name="unreleased_packet_is_one_row")]

    def __str__(self) -> str:
        return f"{self.link} {self.packet_id}"


class CodecState(models.Model):
    """What a codec remembers between payloads of one Topic, written in the batch's transaction."""

    topic_name = models.TextField(primary_key=True)
    state = models.BinaryField()

    def __str__(self) -> str:
        return self.topic_name


class IdempotencyKey(models.Model):
    """A request that a client may repeat: the same key answers with what was made the first time."""

    owner = models.TextField()
    key = models.TextField()
    digest = models.CharField(max_length=64)
    answer = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_is_one_row")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"
