"""The docs: links to headings lead to them, the index names every page, and the guides' files can be imported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from bridges.config_file.importer import import_config

ROOT = Path(settings.BASE_DIR)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FILES = sorted((ROOT / "docs" / "guides").glob("*.yaml"))
CODE = re.compile(r"```.*?```", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors_of(page: Path) -> set[str]:
    """As GitHub makes them of the headings."""
    headings = HEADING.findall(CODE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def dead_anchors(page: Path) -> list[str]:
    """The links to a heading that is not there. Whether the page is, test_docs_paths.py asks."""
    dead = []
    for link in LINK.findall(CODE.sub("", page.read_text())):
        path, target = link.partition("#")[0], link.partition("#")[2]
        other = page.parent / path if path else page
        if "://" not in link and target and other.suffix == ".md" and target not in anchors_of(other):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_to_a_heading_leads_to_it(page: Path) -> None:
    assert dead_anchors(page) == []


@pytest.mark.django_db
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_the_files_of_the_guides_can_be_imported_as_they_stand(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PLANT_PASSWORD", "CENTRAL_PASSWORD"):
        monkeypatch.setenv(name, "secret")
    assert import_config(file.read_bytes()).changes
    assert not import_config(file.read_bytes()).changes


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:]]
    assert [
        page for page in pages if page != "README.md" and not page.startswith("decisions/") and page not in index
    ] == []
