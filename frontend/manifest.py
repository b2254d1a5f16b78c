"""Reads the manifest that Vite writes when it builds the browser application, and names the files that a page loads.

It never builds anything: a missing manifest is `UiNotBuilt`, and the view says what to do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENTRY = "index.html"


class UiNotBuilt(Exception):
    """There is no usable manifest: the browser application was not built."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The files of one entry, relative to the folder of the build."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


def read_assets(dist: Path) -> Assets:
    """The files that the page loads; raises UiNotBuilt."""
    try:
        manifest = json.loads((dist / ".vite" / "manifest.json").read_bytes())
        return assets_of(manifest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UiNotBuilt(str(fault)) from fault


def assets_of(manifest: dict[str, Any]) -> Assets:
    """The entry's script, its styles and those of what it imports, and the imported scripts, each once."""
    entry = manifest[ENTRY]
    chunks = _with_imports(manifest, ENTRY, [])
    styles = [style for key in chunks for style in manifest[key].get("css", [])]
    preloads = [manifest[key]["file"] for key in chunks if key != ENTRY]
    return Assets(script=entry["file"], styles=tuple(dict.fromkeys(styles)), preloads=tuple(preloads))


def _with_imports(manifest: dict[str, Any], key: str, known: list[str]) -> list[str]:
    if key not in known:
        known.append(key)
        for imported in manifest[key].get("imports", []):
            _with_imports(manifest, imported, known)
    return known
