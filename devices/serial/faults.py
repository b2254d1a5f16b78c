"""Says in plain words why a serial port cannot be opened or was lost, and whether trying again can help."""

from __future__ import annotations

import errno
import grp
import stat
from pathlib import Path

from devices.serial.settings import SerialSettings
from telemetry.links import LinkLost, LinkRefused

_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR)
_BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_FORBIDDEN = (errno.EACCES, errno.EPERM)
_SENTENCES = {
    **dict.fromkeys(_GONE, "{port} is not there: is the cable in?"),
    **dict.fromkeys(_BUSY, "{port} is in use by another program"),
    errno.ENOTTY: "{port} is not a serial port",
}


def opening_fault(settings: SerialSettings, error: Exception) -> LinkLost | LinkRefused:
    """Why `settings.port` did not open. Only wrong settings are refused: all else may mend itself."""
    number, port = _number(error), settings.port
    if isinstance(error, ValueError) or (number == errno.EINVAL and not settings.is_network):
        return LinkRefused(f"the port cannot do {settings}: {_words(error)}")
    if settings.is_network:
        return LinkLost(f"{port} does not answer: {_words(error)}")
    if number in _FORBIDDEN:
        return LinkLost(f"no permission for {port}: {_cure(port)}")
    if number in _SENTENCES:
        return LinkLost(_SENTENCES[number].format(port=port))
    return LinkLost(f"{port} cannot be opened: {_words(error)}")


def _number(error: Exception) -> int:
    """The system's error number. pyserial hides that of termios in the context of its own exception."""
    for cause in (error, error.__context__):
        number = getattr(cause, "errno", None) or (cause.args[0] if cause and cause.args else None)
        if isinstance(number, int):
            return number
    return 0


def _words(error: Exception) -> str:
    root = error.__context__ or error
    return getattr(root, "strerror", None) or str(root) or type(root).__name__


def _cure(port: str) -> str:
    """Which group would help, seen from the device node itself."""
    try:
        node = Path(port).stat()
        group = grp.getgrgid(node.st_gid).gr_name
    except (OSError, KeyError):
        return "ask for the group of serial ports, usually dialout"
    if node.st_mode & (stat.S_IRGRP | stat.S_IWGRP) == stat.S_IRGRP | stat.S_IWGRP and node.st_gid:
        return f"add the user of the hub to the group {group} and start it anew"
    return "its group may not use it either: let a udev rule give it to the group dialout"
