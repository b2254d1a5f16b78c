"""`python -m benchmarks.plans CALLS KEY`: how the database answers these REST calls, as its own plans, on the output.

Run with the environment of a hub. Each SELECT is explained right before it runs, under the settings that it runs under.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

_HISTORY = re.compile(r'^SELECT.*FROM "telemetry_(message|storedreading|delivery|deadletter)"', re.DOTALL)
_LONG = re.compile(r"SELECT (.{60}).*? FROM ", re.DOTALL)
_WIDTH = 180
Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


class Explaining:
    """Around each statement of a connection."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Explain a search of history, then run it."""
        if _HISTORY.match(sql) and not many:
            is_postgresql = context["connection"].vendor == "postgresql"
            cursor = context["cursor"]
            explain = "EXPLAIN (ANALYZE, BUFFERS) " if is_postgresql else "EXPLAIN QUERY PLAN "
            execute(explain + sql, params, many, context)
            lines = [str(row[0] if is_postgresql else row[3])[:_WIDTH] for row in cursor.fetchall()]
            self.said += [_shortened(sql), *(f"    {line}" for line in lines), ""]
        return execute(sql, params, many, context)


def _shortened(sql: str) -> str:
    return _LONG.sub(r"SELECT ... FROM ", sql)


def main(path: str, key: str) -> None:
    """Ask each call once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    client = Client(headers={"authorization": f"Api-Key {key}", "host": "127.0.0.1"})
    for call in orjson.loads(Path(path).read_bytes()):
        explaining = Explaining()
        with connection.execute_wrapper(explaining):
            client.get(call["path"], call["query"])
        print(f"## {call['name']}: GET {call['path']} {call['query']}\n", *explaining.said, sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
