"""The manifest of the build: what a page loads, and what a missing build looks like."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frontend.manifest import UiNotBuilt, assets_of, read_assets

MANIFEST = {
    "index.html": {"file": "assets/index-1.js", "css": ["assets/index-1.css"], "imports": ["_react.js", "_chart.js"]},
    "_react.js": {"file": "assets/react-2.js"},
    "_chart.js": {"file": "assets/chart-3.js", "css": ["assets/chart-3.css"], "imports": ["_react.js", "index.html"]},
}


def test_it_names_the_script_of_the_entry() -> None:
    assert assets_of(MANIFEST).script == "assets/index-1.js"


def test_it_gathers_the_styles_of_everything_that_is_imported() -> None:
    assert assets_of(MANIFEST).styles == ("assets/index-1.css", "assets/chart-3.css")


def test_each_imported_chunk_is_preloaded_once_even_if_imports_go_in_a_circle() -> None:
    assert assets_of(MANIFEST).preloads == ("assets/react-2.js", "assets/chart-3.js")


def test_it_reads_the_file_that_vite_writes(tmp_path: Path) -> None:
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    assert read_assets(tmp_path).script == "assets/index-1.js"


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"index.html": {}}', '{"index.html": []}'])
def test_a_missing_or_broken_manifest_means_not_built(tmp_path: Path, text: str | None) -> None:
    (tmp_path / ".vite").mkdir()
    if text is not None:
        (tmp_path / ".vite" / "manifest.json").write_text(text)
    with pytest.raises(UiNotBuilt):
        read_assets(tmp_path)
