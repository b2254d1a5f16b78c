"""The processes of the hub, as each reports itself every few seconds, and the request that all of them answer."""

from __future__ import annotations

from django.db import models
from django.db.models import F


class ProcessStatus(models.Model):
    """One running process. A row that is not renewed belongs to a process that is gone."""

    class Role(models.TextChoices):
        WEB = "web", "web"
        WORKER = "worker", "worker"
        SCHEDULE = "schedule", "schedule"

    key = models.TextField(primary_key=True, help_text="role:host:pid:start")
    role = models.CharField(max_length=10, choices=Role)
    host = models.TextField()
    pid = models.PositiveIntegerField()
    site = models.TextField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    rss_bytes = models.BigIntegerField(default=0)
    inbox = models.PositiveIntegerField(default=0, help_text="arrivals that wait for their commit")
    batches = models.BigIntegerField(default=0, help_text="batches committed since the start")
    batch_p50_s = models.FloatField(null=True, help_text="median time of the latest commits")
    batch_p95_s = models.FloatField(null=True)
    disk_free_bytes = models.BigIntegerField(default=0, help_text="where its DATA_DIR is")
    disk_total_bytes = models.BigIntegerField(default=0)
    environment = models.BigIntegerField(default=0, help_text="the last request to read the environment it answered")
    applied = models.JSONField(default=list, help_text="variables that it then applied")
    needs_restart = models.JSONField(default=list)
    fault = models.TextField(blank=True, default="", help_text="why it applied nothing")

    class Meta:
        ordering = ["role", "host", "pid"]
        verbose_name = "process"
        verbose_name_plural = "processes"

    def __str__(self) -> str:
        return f"{self.role} {self.pid} on {self.host}"


class EnvironmentRequest(models.Model):
    """The single row that asks every process to read its environment again: whoever sees a new number does."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="environment_request_is_one_row")]

    def __str__(self) -> str:
        return f"environment {self.number}"

    @classmethod
    def current(cls) -> int:
        """The number of the last request, 0 before the first."""
        return cls.objects.filter(id=1).values_list("number", flat=True).first() or 0

    @staticmethod
    def advance() -> int:
        """Ask all processes, in a transaction of the caller; answers the request's number."""
        rows = EnvironmentRequest.objects
        if not rows.filter(id=1).update(number=F("number") + 1):
            rows.bulk_create([EnvironmentRequest(id=1, number=1)], ignore_conflicts=True)
        return EnvironmentRequest.current()
