"""What came from device packs: which rows an installation made, and the packs that people brought themselves."""

from __future__ import annotations

from django.db import models

from telemetry.names import check_slug


class InstalledPack(models.Model):
    """One installation of a pack, and the rows that it made: only these may it change later."""

    pack = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, help_text="of the file")
    settings = models.JSONField(default=dict, help_text="what was answered; never a secret")
    rows = models.JSONField(default=list, help_text="[section, name] of each row that it made")
    installed_at = models.DateTimeField()
    installed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["pack", "id"]
        verbose_name = "installed pack"

    def __str__(self) -> str:
        return f"{self.pack}: {', '.join(name for _, name in self.rows)}"


class OwnPack(models.Model):
    """A pack that somebody uploaded. It was read when it was taken, and is read again whenever it is used."""

    name = models.CharField(max_length=64, unique=True, validators=[check_slug])
    text = models.TextField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "device pack"

    def __str__(self) -> str:
        return self.name
