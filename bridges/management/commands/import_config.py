"""`manage.py import_config FILE`: make the configuration what a YAML file says, all of it or nothing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from bridges.config_file.diff import ChangeKind
from bridges.config_file.faults import ConfigFileRefused
from bridges.config_file.importer import Report, import_config
from telemetry.management.hub_command import HubCommand


class Command(HubCommand):
    """Prints each change, or each fault as `FILE:LINE: place: message` and then ends with code 1."""

    help = "Make the configuration what a YAML file says: all of it, or (if anything is wrong) nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the YAML file; - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument("--prune", action="store_true", help="remove what a section of the file does not name")
        parser.add_argument(
            "--force", action="store_true", help="overwrite rows edited on the web since the last import"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, dry_run = options["file"], options["dry_run"]
        data = self._read(name)
        try:
            report = import_config(data, prune=options["prune"], force=options["force"], dry_run=dry_run)
        except ConfigFileRefused as refused:
            for fault in refused.faults:
                self.stderr.write(f"{name}:{fault}")
            raise CommandError(f"Nothing was changed: {_counted(len(refused.faults), 'fault')}.") from None
        self._tell(name, report, dry_run=dry_run)

    def _read(self, name: str) -> bytes:
        if name == "-":
            return sys.stdin.buffer.read()
        try:
            return Path(name).read_bytes()
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}. Nothing was changed.") from None

    def _tell(self, name: str, report: Report, *, dry_run: bool) -> None:
        for note in report.notes:
            self.stdout.write(f"kpm33b_proxy: {note}")
        for change in report.changes:
            self.stdout.write(str(change))
        for warning in report.warnings:
            self.stderr.write(f"{name}:{warning.line}: warning: {str(warning).partition(' ')[2]}")
        counts = ", ".join(f"{report.count(kind)} {kind}" for kind in ChangeKind if report.count(kind))
        done = "Dry run, nothing was changed" if dry_run else "Done"
        self.stdout.write(f"{done}: {counts}, {report.unchanged} unchanged." if counts else "Nothing to change.")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
