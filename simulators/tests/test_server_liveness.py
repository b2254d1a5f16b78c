"""A process runs until it ends, not until somebody notices."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil

from simulators.servers.liveness import is_running


def test_a_process_runs_until_it_ends_though_nobody_has_waited_for_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = psutil.Process(child.pid)
    assert is_running(process)
    assert is_running(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still there to be waited for
    assert not is_running(process)
    child.communicate()
    assert not is_running(process)
    assert not is_running(child.pid)
