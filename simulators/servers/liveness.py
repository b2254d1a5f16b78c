"""Whether a process still runs, also while it is just ending."""

from __future__ import annotations

import psutil


def is_running(process: psutil.Process | int) -> bool:
    """False as soon as it has ended, though nobody has waited for it yet. A number names a process of now."""
    try:
        found = psutil.Process(process) if isinstance(process, int) else process
        return found.is_running() and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
