"""Writes the configuration as YAML that reads well in a diff: a fixed order, no defaults, no secrets."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from bridges.config_file.sections import FILE_ORDER, Row, Section
from bridges.models import Broker, Rule
from bridges.models.broker_checks import is_pem
from telemetry.models import AlertRule

_HEADER = "# The configuration of a Patchbay hub. `manage.py import_config FILE` reads it.\n"
_PLAIN = re.compile(r"\A[A-Za-z0-9_./-]+\Z")


def export_config() -> str:
    """The whole configuration as YAML text."""
    parts = [_HEADER + "version: 1\n"]
    for section in FILE_ORDER:
        rows = sorted(section.rows(), key=lambda row: row.name)
        parts.append(to_yaml({section.name: [_item(section, row) for row in rows]}))
    return "\n".join(parts)


def to_yaml(values: Mapping[str, Any]) -> str:
    """These values as YAML that `read_document` reads as the same values."""
    yaml = YAML()
    yaml.width = 1_000_000  # never fold a line
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_styled(values), stream)
    return stream.getvalue()


def _item(section: Section, row: Row) -> CommentedMap:
    item = CommentedMap((key, _styled(value)) for key, value in section.file_form(row).items())
    key, notes = _notes(row)
    if notes:
        item.yaml_set_comment_before_after_key(key, before="\n".join(notes), indent=4)
    return item


def _notes(row: Row) -> tuple[str, list[str]]:
    """Hints for the secrets that this file cannot hold, and before which key they stand."""
    if isinstance(row, Broker):
        return "host", _left_out(row)
    if isinstance(row, AlertRule):
        is_typed = row.notify and not row.notify_reference
        return "kind", ["notify: {env: NAME}  <- typed on the web, so it is not in this file"] if is_typed else []
    return "actions", _left_out_of_actions(row)


def _left_out_of_actions(row: Row) -> list[str]:
    """The same for the secrets of a rule's actions."""
    return [
        f"{action.kind}: {{{name}: {{env: NAME}}}}  <- typed on the web, so it is not in this file"
        for action in (row.actions.all() if isinstance(row, Rule) else ())
        for name, (_, origin) in action.kept_secrets.items()
        if not origin
    ]


def _left_out(broker: Broker) -> list[str]:
    """A hint for each secret that was typed on the web; importing without it keeps the one that is stored."""
    notes = []
    if broker.password and not broker.password_reference:
        variable = re.sub(r"[^A-Z0-9]", "_", broker.name.upper())
        notes.append(f"password: {{env: {variable}_PASSWORD}}  <- typed on the web, so it is not in this file")
    if is_pem(broker.tls_key):
        notes.append("tls: {key: {file: /path/of/key.pem}}  <- typed on the web, so it is not in this file")
    return notes


def _styled(value: Any) -> Any:
    if isinstance(value, CommentedMap):
        return value
    if isinstance(value, Mapping):
        styled = CommentedMap((_text(str(name)), _styled(part)) for name, part in value.items())
        if _is_reference(styled) or not styled:
            styled.fa.set_flow_style()
        return styled
    if isinstance(value, list):
        return [_styled(part) for part in value]
    if isinstance(value, str):
        return LiteralScalarString(value) if _is_literal(value) else _text(value)
    return value


def _is_reference(value: Mapping[str, Any]) -> bool:
    """`{env: NAME}` stands in one line, if nothing in it is special within braces."""
    name = next(iter(value.values()), None)
    return list(value) in (["env"], ["file"]) and isinstance(name, str) and bool(_PLAIN.match(name))


def _text(text: str) -> str:
    """One line as it is, anything unusual in double quotes with escapes."""
    return text if text.isprintable() else DoubleQuotedScalarString(text)


def _is_literal(text: str) -> bool:
    """Whether a block of lines says exactly this text: YAML would fold away or misread anything unusual."""
    lines = text.split("\n")
    return (
        len(lines) > 1 and all(line.isprintable() and line == line.rstrip() for line in lines) and not text[0].isspace()
    )
