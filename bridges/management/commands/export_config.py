"""`manage.py export_config`: the whole configuration as YAML, without secrets."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from bridges.config_file.writer import export_config
from telemetry.management.hub_command import HubCommand


class Command(HubCommand):
    """Prints the configuration, or writes it to a file."""

    help = "Print the configuration as the YAML that import_config reads. Secrets are left out or stand as references."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("-o", "--output", metavar="FILE", help="write to this file instead")

    def handle(self, *args: Any, **options: Any) -> None:
        text = export_config()
        if not options["output"]:
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["output"]).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}.") from None
