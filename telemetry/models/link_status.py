"""Where each link stands now, for the pages. One row a link, overwritten."""

from __future__ import annotations

from django.db import models

from telemetry.links import LinkState


class LinkStatus(models.Model):
    """The state of one link, in plain words."""

    class State(models.TextChoices):
        WAITING = LinkState.WAITING.value, "waiting for a worker"
        CONNECTING = LinkState.CONNECTING.value, "connecting"
        CONNECTED = LinkState.CONNECTED.value, "connected"
        LOST = LinkState.LOST.value, "lost, trying again"
        REFUSED = LinkState.REFUSED.value, "refused"
        DISABLED = LinkState.DISABLED.value, "disabled"

    key = models.TextField(primary_key=True, help_text="broker:NAME or device:NAME")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    detail = models.TextField(blank=True, default="")
    warning = models.TextField(blank=True, default="")
    since = models.DateTimeField(null=True)
    connected_since = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    last_error_at = models.DateTimeField(null=True)
    worker = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["key"]
        verbose_name_plural = "link states"

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
