"""A processor in a process of its own, to be killed: `python -m bridges.tests.batch_worker [--die-in-transaction]`.

It works off the target `rule:sums` of the database at DATABASE_URL until it is ended.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import django


def sums_rule() -> Any:
    """The rule that the tests use: the number and sum of each batch, as an event."""
    from bridges.pipeline.snapshot import ActiveRule, EventAction
    from bridges.rules.rule import CompiledRule

    fields = {"device": "device", "count": "batch.count", "sum": "batch.metrics.n.sum"}
    return ActiveRule(7, CompiledRule("sums", 1, "", fields), (EventAction("sums"),), every_s=0.1)


def committer_with(rules: Sequence[Any]) -> Any:
    """As much of a committer as a processor uses."""
    from bridges.announcing import Silence
    from bridges.pipeline.handover import Handover

    inbox = SimpleNamespace(call=lambda function: function())
    return SimpleNamespace(
        snapshot=SimpleNamespace(batch_rules=tuple(rules)), inbox=inbox, handover=Handover("me", Silence())
    )


def main() -> None:
    """Work until killed."""
    django.setup()
    from bridges.runtime import processor
    from bridges.runtime.leases import Holder, Leases
    from telemetry.recording import recorder

    processor.MAX_MESSAGES = 50
    if "--die-in-transaction" in sys.argv:
        # By then the outcomes are written.
        setattr(recorder, "add_ledger", lambda *_: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010 - it is imported there
    leases = Leases(Holder.this_process("tests"))
    processor.Processor(leases=leases, committer=committer_with([sums_rule()])).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
