"""What the README and the docs point at is there: "where is what" must never lead nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_PLACE = re.compile(r"`((?:benchmarks|bridges|devices|docker|docs|frontend|simulators|telemetry|tools)/[\w./-]*)`")
_MADE = "benchmarks/results/"  # written by whoever measures
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_place_and_page_that_is_named_is_there(page: Path) -> None:
    text = page.read_text()
    places = [place for place in _PLACE.findall(text) if not (ROOT / place).exists() and not place.startswith(_MADE)]
    links = [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    assert (places, links) == ([], [])
