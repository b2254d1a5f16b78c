"""The version that pages show."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.version import read_version

COMMIT = "4fd2e51" + "0" * 33


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "patchbay"\nversion = "1.2.3"\n')
    return tmp_path


def checkout(root: Path, head: str, **files: str) -> None:
    (root / ".git" / "refs" / "heads").mkdir(parents=True)
    (root / ".git" / "HEAD").write_text(head)
    for name, text in files.items():
        (root / ".git" / name.replace("__", "/").replace("_", "-")).write_text(text)


def test_outside_of_a_checkout_it_is_the_version_of_the_project(root: Path) -> None:
    assert read_version(root) == "1.2.3"


def test_in_a_checkout_the_commit_stands_with_it(root: Path) -> None:
    checkout(root, "ref: refs/heads/main\n", refs__heads__main=f"{COMMIT}\n")
    assert read_version(root) == "1.2.3 (4fd2e51)"


def test_a_commit_is_found_among_packed_refs(root: Path) -> None:
    checkout(
        root, "ref: refs/heads/main\n", packed_refs=f"# pack-refs\n{'a' * 40} refs/tags/x\n{COMMIT} refs/heads/main\n"
    )
    assert read_version(root) == "1.2.3 (4fd2e51)"


def test_a_checkout_of_a_bare_commit_is_known(root: Path) -> None:
    checkout(root, COMMIT)
    assert read_version(root) == "1.2.3 (4fd2e51)"


@pytest.mark.parametrize("head", ["ref: refs/heads/gone", "nonsense", ""])
def test_what_is_no_checkout_does_no_harm(root: Path, head: str) -> None:
    checkout(root, head)
    assert read_version(root) == "1.2.3"


def test_without_a_project_file_there_is_no_version(tmp_path: Path) -> None:
    assert read_version(tmp_path) == ""
