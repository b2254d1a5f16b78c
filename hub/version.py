"""Which version of the hub this is: the project's own, and in a checkout the commit. It asks no other program."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_COMMIT = re.compile(r"\A[0-9a-f]{40}\Z")


def read_version(root: Path) -> str:
    """`0.1.0`, or `0.1.0 (4fd2e51)` in a checkout; '' where the project's file is missing."""
    try:
        version = str(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    except (OSError, ValueError, KeyError):
        return ""
    commit = _commit(root / ".git")
    return f"{version} ({commit[:7]})" if commit else version


def _commit(git: Path) -> str:
    head = _text(git / "HEAD")
    if not head.startswith("ref: "):
        return head if _COMMIT.match(head) else ""
    name = head.removeprefix("ref: ")
    packed = (line.partition(" ") for line in _text(git / "packed-refs").splitlines())
    found = _text(git / name) or next((commit for commit, _, ref in packed if ref == name), "")
    return found if _COMMIT.match(found) else ""


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""
