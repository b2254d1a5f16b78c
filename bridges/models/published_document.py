"""What was published for Home Assistant: so that it is said once, said anew when it changes, and taken back."""

from __future__ import annotations

from django.db import models

from bridges.discovery.documents import Kind
from bridges.models.broker import Broker


class PublishedDocument(models.Model):
    """A document of discovery as it was last put into the outbox. Written by the keeper alone."""

    broker = models.ForeignKey(Broker, on_delete=models.CASCADE, related_name="published_documents")
    topic = models.TextField()
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in Kind])
    device = models.TextField(blank=True, default="")
    digest = models.CharField(max_length=64, blank=True, default="")
    occasion = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["broker", "topic"], name="published_document_is_one_row")]

    def __str__(self) -> str:
        return f"{self.broker_id} {self.topic}"
