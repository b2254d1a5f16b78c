"""`manage.py install_pack NAME|FILE`: test a device pack, and make what it says: all of it or nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from bridges.config_file.diff import ChangeKind
from bridges.config_file.faults import ConfigFileRefused, Fault
from bridges.packs.installing import SettingsRefused, TestsFailed, install
from bridges.packs.library import known_packs, pack_named
from bridges.packs.pack import Pack
from bridges.packs.reading import read_pack
from bridges.packs.settings import Setting
from bridges.packs.testing import TestResult, failures, run_tests
from telemetry.management.hub_command import HubCommand


class Command(HubCommand):
    """Prints each change, or each fault as `FILE:LINE: place: message` and then ends with code 1."""

    help = "Install a device pack: its tests are run, its settings checked, and then all of it is made, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pack", metavar="NAME|FILE", nargs="?", help="a pack of the hub (--list), or a YAML file")
        parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="answer a setting")
        parser.add_argument("--list", action="store_true", help="show the packs, or the settings of one")
        parser.add_argument("--test-only", action="store_true", help="only run its tests")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument("--force", action="store_true", help="overwrite what was edited on the web since")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["pack"]:
            if not options["list"]:
                raise CommandError("Name a pack, or a file; --list shows the packs.")
            self._show_packs()
            return
        name = options["pack"]
        pack = self._read(name)
        if options["list"]:
            self._show_settings(pack)
        elif options["test_only"]:
            self._test(name, pack)
        else:
            self._install(name, pack, options)

    def _read(self, name: str) -> Pack:
        known = None if "/" in name or name.endswith((".yaml", ".yml")) else pack_named(name)
        if known is not None:
            return known.pack
        try:
            return read_pack(Path(name).read_bytes())
        except OSError as error:
            text = f"There is no pack {name!r}, and no such file can be read ({error.strerror})."
            raise CommandError(f"{text} --list shows the packs.") from None
        except ConfigFileRefused as refused:
            raise self._refused(name, refused.faults) from None

    def _install(self, name: str, pack: Pack, options: dict[str, Any]) -> None:
        dry_run = options["dry_run"]
        try:
            done = install(pack, _answers(options["set"]), force=options["force"], dry_run=dry_run)
        except TestsFailed as failed:
            raise self._failed(name, failed.results) from None
        except SettingsRefused as refused:
            for setting, text in refused.faults.items():
                self.stderr.write(f"{name}: setting {setting}: {text}")
            raise CommandError("Nothing was changed. Answer a setting with --set NAME=VALUE.") from None
        except ConfigFileRefused as refused:
            raise self._refused(name, refused.faults) from None
        for change in done.report.changes:
            self.stdout.write(str(change))
        for warning in done.report.warnings:
            self.stderr.write(f"{name}: warning: {warning.message}")
        counts = ", ".join(f"{done.report.count(kind)} {kind}" for kind in ChangeKind if done.report.count(kind))
        said = "Dry run, nothing was changed" if dry_run else "Done"
        self.stdout.write(f"{said}: {counts}, {done.report.unchanged} unchanged." if counts else "Nothing to change.")

    def _test(self, name: str, pack: Pack) -> None:
        results = run_tests(pack)
        if failed := failures(results):
            raise self._failed(name, failed)
        self.stdout.write(f"{pack.name}: all {len(results)} tests pass.")

    def _failed(self, name: str, results: Sequence[TestResult]) -> CommandError:
        for result in results:
            for problem in result.problems:
                self.stderr.write(f"{name}:{result.line}: {result.name}: {problem}")
        return CommandError(f"Nothing was changed: {len(results)} tests of the pack fail.")

    def _refused(self, name: str, faults: Sequence[Fault]) -> CommandError:
        for fault in faults:
            self.stderr.write(f"{name}:{fault}")
        return CommandError(f"Nothing was changed: {len(faults)} fault{'' if len(faults) == 1 else 's'}.")

    def _show_packs(self) -> None:
        for known in known_packs():
            self.stdout.write(f"{known.pack.name:28} {known.pack.title}{' (your own)' if known.is_own else ''}")

    def _show_settings(self, pack: Pack) -> None:
        self.stdout.write(f"{pack.title}\n{pack.summary}\n")
        for setting in pack.settings:
            self.stdout.write(f"  {setting.name:16} {_described(setting)}")


def _described(setting: Setting) -> str:
    if setting.is_required:
        about = f"must be given, e.g. {setting.example}"
    else:
        shown = str(setting.default).lower() if isinstance(setting.default, bool) else setting.default
        about = "may be left empty" if shown in (None, "") else f"default: {shown}"
    choices = f"; one of {', '.join(map(str, setting.choices))}" if setting.choices else ""
    return f"{setting.label} ({about}{choices})"


def _answers(given: Sequence[str]) -> dict[str, str]:
    answers = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise CommandError(f"--set takes NAME=VALUE, not {text!r}.")
        answers[name.strip()] = value
    return answers
