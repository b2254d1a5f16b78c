"""The action `script`: runs one of the administrator's scripts, with JSON on its standard input.

Only files that stand in the scripts folder itself are run, never through a shell. Run at least once:
PATCHBAY_DELIVERY stays the same, so that a script can tell a repetition.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from pathlib import Path
from threading import Event

import orjson
from django.conf import settings

from bridges.actions.base import EXPIRY, Carried, CarriedAction, Task, cut
from bridges.actions.script_process import Limits, Run, run_script
from telemetry.options import Option, OptionFault
from telemetry.redaction import redact
from telemetry.values import Json, Verdict

NAME = re.compile(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


class ScriptMissing(Exception):
    """There is no such script that may be run. The text says why."""


class ScriptAction(CarriedAction):
    """A file in the scripts folder."""

    name = "script"
    label = "Script"
    does = "run a script"
    help = "A program in the hub's scripts folder, with the payload on its standard input"
    main = "name"
    options = (
        Option(
            name="name", kind=str, default="", label="File name", help="A file in the scripts folder, e.g. report.py"
        ),
        Option(
            name="timeout",
            kind=float,
            default=10.0,
            minimum=0.1,
            maximum=300,
            label="Timeout",
            help="Seconds after which it is killed",
        ),
        Option(
            name="memory",
            kind=int,
            default=256,
            minimum=16,
            maximum=16_384,
            label="Memory",
            help="MiB of address space for each of its processes",
        ),
        Option(
            name="output",
            kind=int,
            default=64,
            minimum=1,
            maximum=1_024,
            label="Output",
            help="KiB that it may write to standard output and error each; beyond, it is killed",
        ),
        EXPIRY,
    )

    def check(self) -> None:
        """The name is that of a file, not a path."""
        if not NAME.match(self.given["name"]):
            raise OptionFault("name", "must be a file name of letters, digits, '.', '_' and '-', without a path")

    @property
    def limit_s(self) -> float:
        """The timeout, and a little to clean up."""
        return float(self.given["timeout"]) + 5

    def carry(self, task: Task, stopping: Event) -> Carried:
        """Run it once."""
        try:
            path = find_script(Path(settings.PATCHBAY_SCRIPTS_DIR), self.given["name"])
        except ScriptMissing as fault:
            return Carried(Verdict.RETURNED, str(fault))
        limits = Limits(self.given["timeout"], self.given["memory"] << 20, self.given["output"] << 10)
        marks = {"PATCHBAY_DELIVERY": str(task.id), "PATCHBAY_RULE": task.rule}
        try:
            run = run_script(path, document_of(task), limits=limits, marks=marks, stopping=stopping)
        except OSError as error:
            return Carried(Verdict.RETURNED, f"{path.name} cannot be started: {error.strerror}")
        return self._judged(run)

    def _judged(self, run: Run) -> Carried:
        result: Json = {
            "exit_code": run.exit_code,
            "stdout": cut(redact(run.stdout.decode("utf-8", "replace"))),
            "stderr": cut(redact(run.stderr.decode("utf-8", "replace"))),
            "is_cut": run.is_cut,
            "took_ms": round(run.took_s * 1000),
        }
        if run.is_stopped:
            return Carried(Verdict.RETURNED, "the hub stopped while it ran", result)
        if run.is_late:
            return Carried(Verdict.REFUSED, f"it ran longer than {self.given['timeout']:g} s and was killed", result)
        if run.is_cut:
            return Carried(Verdict.REFUSED, f"it wrote more than {self.given['output']} KiB and was killed", result)
        if run.exit_code == 0:
            return Carried(Verdict.DELIVERED, "", result)
        words = _last_line(result["stderr"])
        said = f"it ended with {run.exit_code}{f': {words}' if words else ''}"
        return Carried(Verdict.RETURNED if run.exit_code == TRY_AGAIN else Verdict.REFUSED, said, result)


def find_script(folder: Path, name: str) -> Path:
    """The file to run; raises ScriptMissing."""
    path = folder / name
    try:
        kind = path.lstat()
    except OSError:
        raise ScriptMissing(f"there is no file {name} in the scripts folder") from None
    if not NAME.match(name) or not stat.S_ISREG(kind.st_mode):
        raise ScriptMissing(f"{name} is no plain file (a link does not count)")
    if kind.st_mode & stat.S_IWOTH:
        raise ScriptMissing(f"{name} may be written by everybody on this machine; take that right away")
    if not os.access(path, os.X_OK):
        raise ScriptMissing(f"{name} is not executable (chmod +x)")
    return path.absolute()


def document_of(task: Task) -> bytes:
    """What the script reads: JSON with the payload in it."""
    document = {
        "delivery": str(task.id),
        "message": task.message_id and str(task.message_id),
        "rule": task.rule,
        "source": task.source,
        "created_at": task.created_at.isoformat(),
        "payload": task.document,
    }
    if task.document is None and task.payload != b"null":
        document["payload_base64"] = base64.b64encode(task.payload).decode()
    return orjson.dumps(document)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else ""
