"""docs/devices.md says what the packs say, and docs/packs.md names everything that a pack may say."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from bridges.packs.expectation import EXPECTATIONS
from bridges.packs.library import shipped_packs
from bridges.packs.page import devices_page
from bridges.packs.reading import CATEGORIES, SECTIONS, read_pack
from bridges.packs.settings import KINDS
from bridges.packs.testing import failures, run_tests
from bridges.packs.words import Piece, paragraphs, pieces

DOCS = Path(settings.BASE_DIR) / "docs"


def test_the_page_about_devices_is_up_to_date(tmp_path: Path) -> None:
    call_command("describe_packs", str(tmp_path / "devices.md"), stdout=io.StringIO())
    assert (DOCS / "devices.md").read_text("utf-8") == (tmp_path / "devices.md").read_text("utf-8"), (
        "run: manage.py describe_packs docs/devices.md"
    )


def test_every_pack_has_a_section_with_its_command() -> None:
    page = devices_page(shipped_packs())
    for pack in shipped_packs():
        assert f"\n### {pack.title}\n" in page
        assert f"manage.py install_pack {pack.name}" in page


def test_two_brokers_of_a_pack_are_shown_as_two_places() -> None:
    page = devices_page([pack for pack in shipped_packs() if pack.name == "kpm33b-proxy"])
    command = next(line for line in page.splitlines() if line.startswith("manage.py install_pack"))
    assert len(set(re.findall(r"mqtt://\S+", command))) == 2
    assert "python -m simulators meter --url mqtt://127.0.0.1:11883 " in page


@pytest.mark.parametrize("word", [*KINDS, *EXPECTATIONS, *SECTIONS, *CATEGORIES])
def test_every_word_of_the_format_is_explained(word: str) -> None:
    assert f"`{word}`" in (DOCS / "packs.md").read_text("utf-8")


def test_the_pack_in_the_docs_works_as_written() -> None:
    text = (DOCS / "packs.md").read_text("utf-8")
    example = text.partition("```yaml\n")[2].partition("```")[0]
    assert failures(run_tests(read_pack(example.encode()))) == []


def test_words_are_taken_apart_into_text_code_and_emphasis() -> None:
    assert paragraphs("one\ntwo\n\n  three\n") == ["one two", "three"]
    assert pieces("send `T` to *tare*.") == [
        Piece("send "),
        Piece("T", "code"),
        Piece(" to "),
        Piece("tare", "strong"),
        Piece("."),
    ]
