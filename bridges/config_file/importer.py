"""Applies a config file in one transaction: all of it, or nothing. Serializers and models decide what is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from bridges.config_file.diff import Change, ChangeKind, Snapshot, changed_fields
from bridges.config_file.faults import ConfigFileRefused, Fault, Path
from bridges.config_file.kpm33b_proxy import Translation, is_proxy_config, translate
from bridges.config_file.reader import Document, read_document
from bridges.config_file.sections import APPLY_ORDER, Row, Section, with_left_out_secrets
from bridges.config_file.structure import Item, Items, check_structure
from bridges.config_file.ways import make_way
from bridges.models import Broker

_REFERENCES = {
    "broker": "brokers",
    "topic": "topics",
    "publish": "topics",
    "device": "devices",
    "write": "devices",
    "ticket": "tickets",
}


@dataclass(slots=True)
class Report:
    """What an import did, or would do."""

    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    warnings: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # about a file of another program that was taken over

    def count(self, kind: ChangeKind) -> int:
        """How many objects were added, changed or removed."""
        return sum(change.kind == kind for change in self.changes)


def import_config(data: bytes, *, prune: bool = False, force: bool = False, dry_run: bool = False) -> Report:
    """Make the configuration what the file says; raises ConfigFileRefused, and then nothing has changed.

    `prune` removes what a section of the file does not name; `force` also overwrites rows edited on the web.
    """
    document = read_document(data)
    translation = Translation()
    if is_proxy_config(document.value):
        translation = translate(document.value)
        document = Document(translation.value)
    report = import_document(document, prune=prune, force=force, dry_run=dry_run, passwords=translation.passwords)
    report.notes = translation.notes
    return report


def import_document(
    document: Document,
    *,
    prune: bool = False,
    force: bool = False,
    dry_run: bool = False,
    passwords: Mapping[str, str] | None = None,
    request: Any = None,
) -> Report:
    """As `import_config`, of what was read or made already. `passwords` are those of brokers that no file holds.

    `request`, if any, is that of the one who asks, and who may not be allowed all that a file is.
    """
    structure = check_structure(document)
    work = _Import(document, structure.items, force=force, request=request)
    work.faults, work.broken = structure.faults, structure.broken
    with transaction.atomic():
        work.run(prune=prune)
        if work.faults:
            raise ConfigFileRefused(work.faults)
        for name, password in (passwords or {}).items():
            Broker.objects.filter(name=name).update(password=password, password_reference="")
        transaction.set_rollback(dry_run)
    return work.report


class _Import:
    def __init__(self, document: Document, items: Items, *, force: bool, request: Any = None) -> None:
        self.document = document
        self.context = {"for_file": True, "request": request}
        self.items = items
        self.force = force
        self.report = Report()
        self.faults: list[Fault] = []
        self.broken: set[tuple[str, str]] = set()
        self.rows = {section.name: {row.name: row for row in section.rows()} for section in APPLY_ORDER}
        self.before = {
            (section.name, name): _snapshot(section, row)
            for section in APPLY_ORDER
            for name, row in self.rows[section.name].items()
        }

    def run(self, *, prune: bool) -> None:
        if prune:
            for section in reversed(APPLY_ORDER):
                self._prune(section)
        make_way(self.items, self.rows)
        for section in APPLY_ORDER:
            for item in self.items.get(section.name, ()):
                self._apply(section, item)

    def _prune(self, section: Section) -> None:
        if section.name not in self.items:
            return
        named = {item.name for item in self.items[section.name]}
        for name in sorted(set(self.rows[section.name]) - named):
            row = self.rows[section.name].pop(name)
            if self._is_guarded(section, row, (section.name,)):
                continue
            row.delete()
            self.report.changes.append(Change(ChangeKind.REMOVED, section.noun, name))

    def _apply(self, section: Section, item: Item) -> None:
        row = self.rows[section.name].get(item.name)
        data = with_left_out_secrets(item.data, row)
        serializer = section.serializer(row, data=data, context=self.context)
        if not serializer.is_valid():
            again = section.serializer(row, data=_without(data, serializer.errors), context=self.context)
            again.is_valid()
            self._add_faults(section, item, dict(again.errors) | dict(serializer.errors))
            return
        with transaction.atomic():
            saved = section.rows().get(pk=serializer.save().pk)
            fields = self._changed_fields(section, item.name, saved)
            transaction.set_rollback(fields == ())
        if fields == ():
            self._note_unchanged(row)
            return
        if row is not None and self._is_guarded(section, row, item.path):
            return
        kind = ChangeKind.CHANGED if fields else ChangeKind.ADDED
        self.report.changes.append(Change(kind, section.noun, item.name, fields or ()))
        self.report.warnings += [self.document.fault(item.path, text) for text in saved.warnings()]

    def _changed_fields(self, section: Section, name: str, saved: Row) -> tuple[str, ...] | None:
        """None for a new object."""
        before = self.before.get((section.name, name))
        return None if before is None else changed_fields(before, _snapshot(section, saved))

    def _note_unchanged(self, row: Row | None) -> None:
        self.report.unchanged += 1
        if row is not None and row.edited_on_web:
            # The file says what the web says. A plain query set, because this is no change of configuration.
            QuerySet(type(row)).filter(pk=row.pk).update(edited_on_web=False)

    def _is_guarded(self, section: Section, row: Row, path: Path) -> bool:
        if self.force or not row.edited_on_web:
            return False
        text = (
            f"The {section.noun} {row.name!r} was edited on the web since the last import. "
            "Take its new values over into the file (export_config shows them), or overwrite them with --force."
        )
        self.faults.append(self.document.fault(path, text))
        return True

    def _add_faults(self, section: Section, item: Item, errors: Any) -> None:
        for path, message in _leaves(errors):
            if not self._is_consequence(item.data, path):
                self.faults.append(self.document.fault((*item.path, *path), message))
        self.broken.add((section.name, item.name))

    def _is_consequence(self, data: Any, path: Path) -> bool:
        """Whether this only says that something is missing whose own fault is told already."""
        value = data
        try:
            for step in path:
                value = value[step]
        except (LookupError, TypeError):
            return False
        section = _REFERENCES.get(str(path[-1])) if path else None
        return isinstance(value, str) and (section, value) in self.broken and value not in self.rows[str(section)]


def _snapshot(section: Section, row: Row) -> Snapshot:
    return Snapshot(section.shape(row), section.secrets(row))


def _without(data: Mapping[str, Any], errors: Mapping[str, Any]) -> dict[str, Any]:
    """What is left to look at: the model judges a row only once its fields are readable, and its faults count too."""
    return {key: value for key, value in data.items() if key not in errors}


def _leaves(errors: Any, path: Path = ()) -> list[tuple[Path, str]]:
    """Every message of a serializer, with its place."""
    if isinstance(errors, Mapping):
        pairs = [((*path, key) if key != "non_field_errors" else path, part) for key, part in errors.items()]
    elif isinstance(errors, list):
        pairs = [((*path, place) if isinstance(part, Mapping) else path, part) for place, part in enumerate(errors)]
    else:
        return [(path, str(errors))]
    return [leaf for place, part in pairs for leaf in _leaves(part, place)]
