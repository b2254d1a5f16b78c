"""What is done once in a hub's life, and never again, even if a person undoes it."""

from __future__ import annotations

from django.db import models


class DoneOnce(models.Model):
    """A thing that was done."""

    name = models.TextField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def claim(cls, name: str) -> bool:
        """Whether it is still to be done; from now on it is not. In the transaction of what is done."""
        return cls.objects.get_or_create(name=name)[1]
