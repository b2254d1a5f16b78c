"""`manage.py describe_packs FILE`: write the page about the devices that have a pack."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from bridges.packs.library import shipped_packs
from bridges.packs.page import devices_page


class Command(BaseCommand):
    """Writes docs/devices.md from the packs of the hub."""

    help = "Write the page about the devices that have a pack (docs/devices.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        options["file"].write_text(devices_page(shipped_packs()), "utf-8")
        self.stdout.write(f"{options['file']}: {len(shipped_packs())} packs.")
