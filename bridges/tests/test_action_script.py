"""Scripts as real processes: what they read, what is kept of them, and every way of overstepping a limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from bridges.actions.base import Carried, Task
from bridges.actions.script import ScriptAction
from simulators.servers.liveness import is_running
from telemetry.ids import new_id
from telemetry.options import OptionFault
from telemetry.values import Verdict

PYTHON = "#!/usr/bin/env python3\n"
SHELL = "#!/bin/sh\n"


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.PATCHBAY_SCRIPTS_DIR = tmp_path / "scripts"
    settings.PATCHBAY_SCRIPTS_DIR.mkdir()
    return tmp_path / "scripts"


def task(payload: bytes = b'{"t": 31}') -> Task:
    return Task(new_id(), payload, "heat", "broker:plant", datetime(2026, 3, 1, tzinfo=UTC), new_id())


def write(folder: Path, text: str, name: str = "one.sh") -> Path:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def run(folder: Path, text: str, payload: bytes = b'{"t": 31}', **options: Any) -> Carried:
    write(folder, text)
    return ScriptAction({"name": "one.sh"} | options).carry(task(payload), threading.Event())


def wait_for(condition: Callable[[], object], limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_it_reads_json_and_its_output_is_kept(folder: Path) -> None:
    one = task()
    write(folder, SHELL + "cat\necho oops >&2\n")
    carried = ScriptAction({"name": "one.sh"}).carry(one, threading.Event())
    assert carried.verdict is Verdict.DELIVERED
    document = json.loads(carried.result["stdout"])
    assert document["payload"] == {"t": 31}
    assert (document["delivery"], document["rule"], document["source"]) == (str(one.id), "heat", "broker:plant")
    assert (carried.result["exit_code"], carried.result["stderr"]) == (0, "oops\n")


@pytest.mark.parametrize(("payload", "said"), [(b"12.5 kg", "12.5 kg"), (b"12", 12), (b"", "")])
def test_a_payload_that_is_no_json_is_handed_over_as_text(folder: Path, payload: bytes, said: Any) -> None:
    assert json.loads(run(folder, SHELL + "cat\n", payload).result["stdout"])["payload"] == said


def test_bytes_that_are_no_text_are_handed_over_in_base64(folder: Path) -> None:
    document = json.loads(run(folder, SHELL + "cat\n", b"\xff\x00").result["stdout"])
    assert (document["payload"], document["payload_base64"]) == (None, "/wA=")


def test_its_environment_holds_nothing_of_the_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "swordfish")
    lines = run(folder, SHELL + "env\n").result["stdout"].splitlines()
    names = {line.partition("=")[0] for line in lines}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "HOME", "LANG", "PATH", "PATCHBAY_DELIVERY", "PATCHBAY_RULE", "TMPDIR",
    }  # fmt: skip


def test_an_exit_code_is_a_refusal_and_75_means_later(folder: Path) -> None:
    refused = run(folder, SHELL + "echo first >&2; echo no paper >&2; exit 3\n")
    assert (refused.verdict, refused.reason) == (Verdict.REFUSED, "it ended with 3: no paper")
    assert run(folder, SHELL + "exit 75\n").verdict is Verdict.RETURNED


def test_a_script_that_reads_nothing_is_fine(folder: Path) -> None:
    assert run(folder, SHELL + "exit 0\n", b'"' + b"x" * 1_000_000 + b'"').verdict is Verdict.DELIVERED


def test_one_that_hangs_is_killed(folder: Path) -> None:
    began = time.monotonic()
    carried = run(folder, SHELL + "echo begun\nsleep 60\n", timeout=0.5)
    assert time.monotonic() - began < 5
    assert (carried.verdict, "0.5 s" in carried.reason) == (Verdict.REFUSED, True)
    assert carried.result["stdout"] == "begun\n"


def test_one_that_ignores_signals_is_killed(folder: Path) -> None:
    assert run(folder, SHELL + "trap '' TERM INT HUP\nwhile :; do :; done\n", timeout=0.5).verdict is Verdict.REFUSED


@pytest.mark.parametrize("ending", ["exit 0", "sleep 60"])
def test_the_processes_it_starts_end_with_it(folder: Path, tmp_path: Path, ending: str) -> None:
    children = tmp_path / "children"
    body = f"for i in 1 2 3; do sleep 61 & echo $! >> {children}; done\n{ending}\n"
    began = time.monotonic()
    carried = run(folder, SHELL + body, timeout=1.5)
    assert time.monotonic() - began < 10
    assert carried.verdict is (Verdict.DELIVERED if ending == "exit 0" else Verdict.REFUSED)
    pids = [int(line) for line in children.read_text().split()]
    assert len(pids) == 3
    wait_for(lambda: not any(map(is_running, pids)))


HIDING = """import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        os.environ.clear()
        os.closerange(0, 3)
        open({note!r}, "w").write(str(os.getpid()))
        time.sleep(61)
    os._exit(0)
while not os.path.exists({note!r}) or not open({note!r}).read():
    time.sleep(0.01)
{ending}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no other system lets one adopt what was left behind")
@pytest.mark.parametrize("ending", ["", "time.sleep(60)", "os.kill(os.getpid(), 9)"])
def test_what_hides_in_a_session_of_its_own_ends_with_it(folder: Path, tmp_path: Path, ending: str) -> None:
    note = tmp_path / "hidden"
    run(folder, PYTHON + HIDING.format(note=str(note), ending=ending), timeout=3.0)
    assert not is_running(int(note.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="no other system lets one adopt what was left behind")
def test_a_hub_that_is_killed_leaves_no_script_running(folder: Path, tmp_path: Path) -> None:
    note = tmp_path / "hidden"
    path = write(folder, PYTHON + HIDING.format(note=str(note), ending="time.sleep(60)"))
    code = (
        "from pathlib import Path; from threading import Event; from bridges.actions.script_process import *;"
        f"run_script(Path({str(path)!r}), b'', limits=Limits(60, 2**28, 2**16), marks={{}}, stopping=Event())"
    )
    hub = subprocess.Popen([sys.executable, "-c", code])
    try:
        wait_for(lambda: note.exists() and note.read_text())
    finally:
        hub.kill()
        hub.wait()
    wait_for(lambda: not is_running(int(note.read_text())))


def test_the_signal_that_ended_it_is_told(folder: Path) -> None:
    assert run(folder, SHELL + "kill -TERM $$\n").result["exit_code"] == -15


def test_one_that_forks_without_end_ends(folder: Path) -> None:
    body = "import os, time\nfor _ in range(40):\n    os.fork() or time.sleep(61)\ntime.sleep(61)\n"
    began = time.monotonic()
    assert run(folder, PYTHON + body, timeout=1.0).verdict is Verdict.REFUSED
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_one_that_floods_is_killed(folder: Path, stream: str) -> None:
    began = time.monotonic()
    carried = run(folder, SHELL + f"yes flood{stream}\n", output=16)
    assert time.monotonic() - began < 5
    assert (carried.verdict, carried.result["is_cut"], "16 KiB" in carried.reason) == (Verdict.REFUSED, True, True)
    assert max(len(carried.result["stdout"]), len(carried.result["stderr"])) == 8000


def test_one_that_allocates_gets_no_more_than_its_memory(folder: Path) -> None:
    carried = run(folder, PYTHON + "x = bytearray(400_000_000)\nprint('got it')\n", memory=128)
    assert (carried.verdict, carried.result["stdout"]) == (Verdict.REFUSED, "")
    assert "MemoryError" in carried.result["stderr"]
    assert run(folder, PYTHON + "x = bytearray(40_000_000)\nprint('got it')\n").result["stdout"] == "got it\n"


def test_it_is_ended_when_the_hub_stops_and_will_run_again(folder: Path) -> None:
    write(folder, SHELL + "sleep 60\n")
    stopping = threading.Event()
    threading.Timer(0.3, stopping.set).start()
    began = time.monotonic()
    carried = ScriptAction({"name": "one.sh", "timeout": 60.0}).carry(task(), stopping)
    assert time.monotonic() - began < 5
    assert carried.verdict is Verdict.RETURNED


def test_its_working_directory_is_its_own_and_goes_with_it(folder: Path) -> None:
    home = run(folder, SHELL + "touch here; pwd\n").result["stdout"].strip()
    assert home != str(folder)
    assert not Path(home).exists()


@pytest.mark.parametrize("name", ["../one.sh", "/bin/true", "a/b", "", ".", "..", "a b", "one.sh\n", "$(id)", "-rf"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(OptionFault) as caught:
        ScriptAction({"name": name})
    assert caught.value.name == "name"


def test_a_file_that_is_not_there_is_waited_for(folder: Path) -> None:
    carried = ScriptAction({"name": "late.sh"}).carry(task(), threading.Event())
    assert (carried.verdict, "late.sh" in carried.reason) == (Verdict.RETURNED, True)


def test_a_link_out_of_the_folder_is_not_run(folder: Path, tmp_path: Path) -> None:
    outside = write(tmp_path, SHELL + "echo escaped\n", "outside.sh")
    (folder / "one.sh").symlink_to(outside)
    carried = ScriptAction({"name": "one.sh"}).carry(task(), threading.Event())
    assert (carried.verdict, carried.result) == (Verdict.RETURNED, None)


def test_a_directory_a_plain_text_and_a_file_open_to_all_are_not_run(folder: Path) -> None:
    (folder / "dir").mkdir()
    write(folder, SHELL, "plain.sh").chmod(0o644)
    write(folder, SHELL, "open.sh").chmod(0o757)
    for name in ("dir", "plain.sh", "open.sh"):
        carried = ScriptAction({"name": name}).carry(task(), threading.Event())
        assert (carried.verdict, carried.result) == (Verdict.RETURNED, None), name


def test_a_file_that_no_system_can_start_is_told(folder: Path) -> None:
    carried = run(folder, "#!/nowhere/interpreter\n")
    assert (carried.verdict, carried.result["exit_code"]) == (Verdict.REFUSED, 126)
    assert "cannot be started" in carried.reason


def test_no_file_of_the_hub_is_open_in_it(folder: Path) -> None:
    secret = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(secret, True)
    try:
        shown = run(folder, SHELL + "ls -l /proc/self/fd\n").result["stdout"]
    finally:
        os.close(secret)
    assert "test_action_script" not in shown
