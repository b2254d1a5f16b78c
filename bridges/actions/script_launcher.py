"""Run as a program of its own: starts a script with limits set on it, and leaves nothing running behind it.

On Linux it adopts whatever the script leaves behind, also what made itself a session of its own, and kills it. It
ends with the script, and when the hub lets go of the pipe between them: by asking for the end, or by dying.
Standard library only; arguments: the pipe, seconds of CPU, bytes of address space, the script.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time

MAX_FILE_BYTES = 100_000_000
MAX_OPEN_FILES = 256
CLEAN_UP_S = 3.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>


def main() -> None:
    """Start the script, wait for its end or for the hub's word, and end as it ended."""
    hub = int(sys.argv[1])
    os.set_inheritable(hub, False)
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    _prctl(_PR_SET_CHILD_SUBREAPER)
    script = os.fork()
    if script == 0:
        _become_script(sys.argv[4], cpu_s=int(sys.argv[2]), memory_bytes=int(sys.argv[3]))
    _let_go_of_standard_files()
    status = None
    while status is None and hub not in select.select([hub, woken], [], [])[0]:
        _drain(woken)
        status = _reap(script)
    status = _end_all(script, status)
    _end_like(status)


def _become_script(script: str, *, cpu_s: int, memory_bytes: int) -> None:
    """In the child: its own session, its limits, and its end if the launcher is killed."""
    limits = {
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: MAX_FILE_BYTES,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(5)
        for kind, value in limits.items():
            _, hard = resource.getrlimit(kind)
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (most, most))
        os.execv(script, [script])  # noqa: S606 - no shell, and that is the point
    except OSError as error:
        os.write(2, f"{os.path.basename(script)} cannot be started: {error.strerror}\n".encode())  # noqa: PTH119
    os._exit(126)


def _prctl(option: int, value: int = 1) -> None:
    """Linux only; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _let_go_of_standard_files() -> None:
    """So that the hub sees the end of the script's own output."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def _drain(woken: int) -> None:
    try:
        os.read(woken, 4096)
    except BlockingIOError:
        return


def _reap(script: int) -> int | None:
    """Take note of all that ended; answers how the script did, if it did."""
    status = None
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        status = ended if pid == script else status


def _end_all(script: int, status: int | None) -> int:
    """Kill again and again until there is nobody left: what is killed may just have started another one."""
    deadline = time.monotonic() + CLEAN_UP_S
    while time.monotonic() < deadline:
        _kill_group(script)
        for pid in _descendants(os.getpid()):
            _kill(pid)
        ended = _reap(script)
        status = ended if ended is not None else status
        if not _has_children():
            break
        time.sleep(0.005)
    return signal.SIGKILL if status is None else status


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _descendants(ancestor: int) -> list[int]:
    """Children and what they started, by /proc; nobody where there is none."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208
        if name.isdigit():
            children.setdefault(_parent_of(name), []).append(int(name))
    found: list[int] = []
    todo = [ancestor]
    while todo:
        own = children.get(todo.pop(), [])
        found += own
        todo += own
    return found


def _parent_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _end_like(status: int) -> None:
    """The hub reads from our end how the script ended."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main()
