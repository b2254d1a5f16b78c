"""The spool: nothing that was written is lost to a torn line, a full disk, or another process of the same site."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridges.pipeline.spool import Spool
from telemetry.ids import new_id
from telemetry.values import Arrival

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def line(number: int, link: str = "device:scale") -> Arrival:
    return Arrival(id=new_id(), link=link, payload=b"%d g" % number, received_at=NOW, sequence=number, device="scale")


def after_a_crash(directory: Path) -> Spool:
    """What the next process finds: the files, and nobody who has them locked."""
    return Spool(shutil.copytree(directory, directory.parent / f"after-{new_id()}"))


def ids(arrivals: Sequence[Arrival]) -> list[object]:
    return [arrival.id for arrival in arrivals]


def test_what_was_not_committed_comes_back_in_order(tmp_path: Path) -> None:
    spool, lines = Spool(tmp_path / "spool"), [line(n) for n in range(1, 5)]
    spool.keep(lines[:3])
    spool.keep(lines)
    spool.forget(lines[:1])
    assert ids(after_a_crash(tmp_path / "spool").left_over()) == ids(lines)


def test_a_file_goes_when_all_of_it_is_committed(tmp_path: Path) -> None:
    spool, lines = Spool(tmp_path), [line(n) for n in range(1, 4)]
    spool.keep(lines)
    spool.forget(lines[:2])
    assert len([*tmp_path.iterdir()]) == 1
    spool.forget(lines[2:])
    assert not [*tmp_path.iterdir()]


def test_only_serial_input_is_kept(tmp_path: Path) -> None:
    Spool(tmp_path / "spool").keep([line(1, link="broker:plant")])
    assert not (tmp_path / "spool").exists()


def test_another_process_takes_nothing_from_one_that_lives(tmp_path: Path) -> None:
    mine, other, kept = Spool(tmp_path), Spool(tmp_path), line(1)
    mine.keep([kept])
    assert other.left_over() == []
    other.keep([mine_too := line(2)])
    other.forget([mine_too])
    assert ids(after_a_crash(tmp_path).left_over()) == [kept.id]


def test_a_link_that_starts_anew_counts_from_one_and_is_kept_all_the_same(tmp_path: Path) -> None:
    spool, before, after = Spool(tmp_path), line(1), line(1)
    spool.keep([before])
    spool.keep([after])
    spool.forget([after])
    assert ids(after_a_crash(tmp_path).left_over()) == [before.id, after.id]


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "torn.jsonl").write_bytes(b'{"id": "01')
    spool, kept = Spool(tmp_path), line(1)
    assert spool.left_over() == []
    spool.keep([kept])
    assert ids(after_a_crash(tmp_path).left_over()) == [kept.id]


def test_what_was_inherited_goes_when_it_is_committed(tmp_path: Path) -> None:
    Spool(tmp_path / "spool").keep([kept := line(1)])
    heir = after_a_crash(tmp_path / "spool")
    heir.forget(heir.left_over())
    assert kept.id not in ids(heir.left_over())


def test_a_disk_that_is_full_ends_nothing_and_leaves_no_torn_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, first, second = Spool(tmp_path), line(1), line(2)
    spool.keep([first])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        spool.keep([first, second])
    assert ids(after_a_crash(tmp_path).left_over()) == [first.id]
    spool.keep([first, second])
    assert ids(after_a_crash(tmp_path).left_over()) == [first.id, second.id]
