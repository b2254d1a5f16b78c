"""Statements of a migration that only PostgreSQL knows. Elsewhere they are nothing."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import RunPython


def on_postgresql(*, forwards: str, backwards: str) -> RunPython:
    """An operation that runs one of these there."""
    return RunPython(_runner(forwards), _runner(backwards))


def _runner(statements: str) -> Any:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statements)

    return run
