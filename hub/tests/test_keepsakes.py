"""Secrets that are made once: by whom, how often, and who can read them."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hub.keepsakes import keep

MAKE_ONE = """
import sys, uuid
from pathlib import Path
from hub.keepsakes import keep
sys.stdin.read(1)
print(keep(Path(sys.argv[1]), lambda: uuid.uuid4().hex))
"""


def test_what_was_made_once_is_kept(tmp_path: Path) -> None:
    first = keep(tmp_path / "key", lambda: "made first")

    assert first == "made first"
    assert keep(tmp_path / "key", lambda: "made later") == "made first"


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    keep(tmp_path / "new" / "key", lambda: "text")

    assert stat.S_IMODE((tmp_path / "new" / "key").stat().st_mode) == 0o600


def test_an_empty_file_left_by_a_full_disk_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "key").touch()

    assert keep(tmp_path / "key", lambda: "text") == "text"


def test_a_failure_leaves_no_half_written_file(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        keep(tmp_path / "key", lambda: "\ud800")

    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_processes_that_start_at_once_agree_on_one_value(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE_ONE, str(tmp_path / "key")]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(8)]
    for process in processes:
        assert process.stdin
        process.stdin.write("x")
        process.stdin.flush()

    values = {process.communicate(timeout=30)[0].strip() for process in processes}

    assert values == {(tmp_path / "key").read_text().strip()}
