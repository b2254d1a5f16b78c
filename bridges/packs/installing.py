"""Installs a pack through the importer of config files: all or nothing, twice is once, a dry run tells the same.

It changes only rows that it made itself. A pack whose tests fail is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from bridges.config_file.faults import ConfigFileRefused, Fault
from bridges.config_file.importer import Report, import_document
from bridges.config_file.reader import Document
from bridges.config_file.sections import FILE_ORDER, Section
from bridges.models import InstalledPack
from bridges.packs.brokers import named_brokers
from bridges.packs.filling import filled_config
from bridges.packs.pack import Pack
from bridges.packs.settings import check_values
from bridges.packs.testing import TestResult, failures, run_tests

_SECTIONS = {section.name: section for section in FILE_ORDER}


class SettingsRefused(Exception):
    """Some answers cannot be used; `faults` says why, by setting."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in faults.items()))
        self.faults = dict(faults)


class TestsFailed(Exception):
    """The pack does not do what it says; `results` are the tests that failed."""

    __test__ = False

    def __init__(self, results: Sequence[TestResult]) -> None:
        first = results[0]
        more = f" (and {len(results) - 1} more)" if len(results) > 1 else ""
        super().__init__(f"the test {first.name!r} in line {first.line} failed: {first.problems[0]}{more}")
        self.results = list(results)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who installs: for the record, and for what is a right of its own. No `request`: the one at the command line."""

    name: str = ""
    request: Any = None


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation did, or would do."""

    report: Report
    settings: Mapping[str, Any]
    rows: Sequence[tuple[str, str]]
    tests: Sequence[TestResult] = field(default_factory=tuple)
    number: int | None = None  # of its InstalledPack


def install(
    pack: Pack, given: Mapping[str, Any], *, asker: Asker | None = None, force: bool = False, dry_run: bool = False
) -> Installation:
    """Make what the pack says, with these answers.

    Raises TestsFailed, SettingsRefused or ConfigFileRefused, and then nothing has changed.
    """
    results = run_tests(pack)
    if failed := failures(results):
        raise TestsFailed(failed)
    values, wrong = check_values(pack.settings, given)
    if wrong:
        raise SettingsRefused(wrong)
    asker = asker or Asker()
    with transaction.atomic():
        brokers = named_brokers(pack, values)
        if brokers.faults:
            raise SettingsRefused(brokers.faults)
        document = _document(pack, brokers.values, brokers.added)
        rows = _rows(document)
        _refuse_others_rows(pack, document)
        report = import_document(document, force=force, passwords=brokers.passwords, request=asker.request)
        number = _remember(pack, brokers.values, rows, asker)
        transaction.set_rollback(dry_run)
    return Installation(report, brokers.values, rows, results, number)


def installations(pack: str) -> list[InstalledPack]:
    """The installations of a pack, of which something is left."""
    return [found for found in InstalledPack.objects.filter(pack=pack) if any(_exists(*row) for row in found.rows)]


def _document(pack: Pack, values: dict[str, Any], added: list[dict[str, Any]]) -> Document:
    """What the importer reads. The lines are those of the pack's file."""
    filled = filled_config(pack, values)
    if filled.faults:
        raise ConfigFileRefused([pack.document.fault(("config", *path), text) for path, text in filled.faults])
    return Document({"version": 1, **({"brokers": added} if added else {}), **filled.config}, filled.lines(pack))


def _rows(document: Document) -> list[tuple[str, str]]:
    return [
        (section.name, str(item.get("name")))
        for section in FILE_ORDER
        for item in document.value.get(section.name) or ()
        if isinstance(item, Mapping)
    ]


def _refuse_others_rows(pack: Pack, document: Document) -> None:
    """Raises ConfigFileRefused for each name that somebody else has given already."""
    own = {tuple(row) for found in InstalledPack.objects.filter(pack=pack.name) for row in found.rows}
    faults: list[Fault] = []
    for section in FILE_ORDER:
        for place, item in enumerate(document.value.get(section.name) or ()):
            name = item.get("name") if isinstance(item, Mapping) else None
            if isinstance(name, str) and (section.name, name) not in own and _exists(section.name, name):
                text = f"The {_SECTIONS[section.name].noun} {name!r} is already set up, {_OTHERS_WAY}"
                faults.append(document.fault((section.name, place, "name"), text))
    if faults:
        raise ConfigFileRefused(faults)


_OTHERS_WAY = "by hand, by a file or by another pack. Delete it first, or choose another name."


def _exists(section: str, name: str) -> bool:
    known: Section | None = _SECTIONS.get(section)
    return known is not None and "\x00" not in name and known.rows().filter(name=name).exists()


def _remember(pack: Pack, values: Mapping[str, Any], rows: Sequence[tuple[str, str]], asker: Asker) -> int:
    """Note what came from where; an installation of the same rows is the same one."""
    wanted = {tuple(row) for row in rows}
    earlier = [
        found for found in InstalledPack.objects.filter(pack=pack.name) if wanted & {tuple(row) for row in found.rows}
    ]
    kept = earlier[0] if earlier else InstalledPack(pack=pack.name)
    before = [tuple(row) for found in earlier for row in found.rows]
    kept.rows = [list(row) for row in dict.fromkeys((*before, *rows))]
    kept.digest, kept.settings = pack.digest, dict(values)
    kept.installed_at, kept.installed_by = datetime.now(UTC), asker.name[:200]
    kept.save()
    InstalledPack.objects.filter(pk__in=[found.pk for found in earlier[1:]]).delete()
    return int(kept.pk)
