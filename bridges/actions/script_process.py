"""Runs a script as a process of its own, within limits of time, memory and output, and leaves nothing running."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from bridges.actions.script_launcher import CLEAN_UP_S

_LAUNCHER = Path(__file__).with_name("script_launcher.py")
_LOOK_EVERY_S = 0.1
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """What a script may take."""

    time_s: float
    memory_bytes: int
    output_bytes: int  # of standard output and of standard error, each


@dataclass(slots=True)
class Run:
    """How it went. A negative exit code is the number of the signal that ended it."""

    exit_code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    is_late: bool = False
    is_cut: bool = False
    is_stopped: bool = False
    took_s: float = 0.0


def run_script(path: Path, document: bytes, *, limits: Limits, marks: Mapping[str, str], stopping: Event) -> Run:
    """Run it to its end, or to the end of its limits; raises OSError if it cannot be started at all."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="patchbay-script-") as home, _pipe() as life:
        process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                str(_LAUNCHER),
                str(life.end),
                str(int(limits.time_s) + 1),
                str(limits.memory_bytes),
                str(path),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=home,
            env=_environment(home) | dict(marks),
            start_new_session=True,
            pass_fds=[life.end],
        )
        try:
            run = _Talk(process, document, limits=limits).until_over(began + limits.time_s, stopping)
        finally:
            life.let_go()
            _end(process)
    run.exit_code = process.returncode
    run.took_s = time.monotonic() - began
    return run


def _environment(home: str) -> dict[str, str]:
    """Nothing of the hub's own: its environment holds secrets."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": home, "TMPDIR": home}


@dataclass(slots=True)
class _Pipe:
    """Nothing is ever written into it. The launcher has one end, and sees when nobody has the other one any more."""

    end: int
    own: int

    def let_go(self) -> None:
        if self.own >= 0:
            os.close(self.own)
        self.own = -1


@contextmanager
def _pipe() -> Iterator[_Pipe]:
    pipe = _Pipe(*os.pipe())
    try:
        yield pipe
    finally:
        pipe.let_go()
        os.close(pipe.end)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The launcher kills what the script started and left behind. One that does not answer is killed itself."""
    try:
        process.wait(CLEAN_UP_S + 2)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


@dataclass(slots=True)
class _Talk:
    """Writes the document, reads both outputs, watches the clock."""

    process: subprocess.Popen[bytes]
    document: bytes
    limits: Limits = field(kw_only=True)
    run: Run = field(default_factory=Run)

    def until_over(self, deadline: float, stopping: Event) -> Run:
        with selectors.DefaultSelector() as selector:
            for pipe, name in ((self.process.stdout, "stdout"), (self.process.stderr, "stderr")):
                if pipe is not None:
                    selector.register(pipe, selectors.EVENT_READ, name)
            if self.process.stdin is not None:
                os.set_blocking(self.process.stdin.fileno(), False)
                selector.register(self.process.stdin, selectors.EVENT_WRITE, "stdin")
            while not self._is_over(selector):
                left_s = deadline - time.monotonic()
                self.run.is_late, self.run.is_stopped = left_s <= 0, stopping.is_set()
                if self.run.is_late or self.run.is_stopped or self.run.is_cut:
                    break
                if not selector.get_map():
                    self._wait(min(left_s, _LOOK_EVERY_S))
                    continue
                for key, _ in selector.select(min(left_s, _LOOK_EVERY_S)):
                    if not self._serve(key.data, key.fd):
                        selector.unregister(key.fileobj)
        return self.run

    def _wait(self, timeout_s: float) -> None:
        """It has closed its pipes and is about to end, or works on in silence."""
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return

    def _is_over(self, selector: selectors.BaseSelector) -> bool:
        """It ended. A child of it may still hold the pipes: what the script wrote itself is in them by now."""
        if self.process.poll() is None:
            return False
        for name in ("stdout", "stderr"):
            self._read_rest(selector, name)
        return True

    def _read_rest(self, selector: selectors.BaseSelector, name: str) -> None:
        for key in [key for key in selector.get_map().values() if key.data == name]:
            os.set_blocking(key.fd, False)
            with suppress(BlockingIOError):  # that was all of it
                while not self.run.is_cut and self._read(name, key.fd):
                    continue

    def _serve(self, name: str, fd: int) -> bool:
        """Write or read a piece; False at the end of this pipe."""
        try:
            return self._write(fd) if name == "stdin" else self._read(name, fd)
        except BlockingIOError:
            return True

    def _write(self, fd: int) -> bool:
        try:
            written = os.write(fd, self.document[:_PIECE])
        except BrokenPipeError:  # it does not want to read it, which is its right
            self.document = b""
        else:
            self.document = self.document[written:]
        if not self.document and self.process.stdin is not None:
            self.process.stdin.close()
        return bool(self.document)

    def _read(self, name: str, fd: int) -> bool:
        piece = os.read(fd, _PIECE)
        kept: bytes = getattr(self.run, name) + piece
        self.run.is_cut |= len(kept) > self.limits.output_bytes
        setattr(self.run, name, kept[: self.limits.output_bytes])
        return bool(piece)
