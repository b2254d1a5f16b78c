"""A real Mosquitto of one's own, on a free port of the loopback, that a test can stop, kill, restart and freeze.

Its defaults are those that the hub asks for: no limit on queued messages, and no waiting for fuller packets.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path
from types import TracebackType

from simulators.servers.certificates import Authority, Identity
from simulators.servers.ports import free_port

READY_WITHIN_S = 10.0
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class MosquittoOptions:
    """What its configuration says. `users`: name to password; without any, everyone may connect."""

    users: Mapping[str, str] = field(default_factory=dict)
    acl: str = ""
    has_tls: bool = False
    wants_client_certificate: bool = False
    server_names: Sequence[str] = ()  # in its certificate; () for the loopback's
    is_expired: bool = False
    is_persistent: bool = False  # keeps everything over a kill, written after each change
    max_inflight_messages: int = 0  # 0: no limit; MQTT 3.1.1 clients are sent this many at once
    max_queued_messages: int = 0
    sys_interval_s: int = 1
    lines: Sequence[str] = ()


class MosquittoServer:
    """`with MosquittoServer() as broker: ... broker.port`. The port and what it keeps stay over a restart."""

    def __init__(self, options: MosquittoOptions | None = None, *, port: int | None = None) -> None:
        self.options = options or MosquittoOptions()
        self.port = port or free_port()
        self.host = HOST
        self._temporary = tempfile.TemporaryDirectory(prefix="mosquitto-")
        self.directory = Path(self._temporary.name)
        self.authority: Authority | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._write_configuration()

    @property
    def ca(self) -> str:
        """The path of the certificate that clients must trust; '' without TLS."""
        return str(self.authority.ca) if self.authority else ""

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What it wrote to its log."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start it and wait until it answers; raises RuntimeError if it does not."""
        if self.is_running:
            return
        process = self._process = subprocess.Popen(
            [find_binary(), "-c", str(self.directory / "mosquitto.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < limit and process.poll() is None:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.kill()
        raise RuntimeError(f"mosquitto did not start on port {self.port}\n{self.log[-2000:]}")

    def stop(self) -> None:
        """End it as an operator would: it says goodbye to its clients and saves what it keeps."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self.thaw()
            self._signal(number)
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop it and start it on the same port."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop it from answering while its connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def client_identity(self, name: str) -> Identity:
        """A certificate that this server accepts from a client."""
        if self.authority is None:
            raise RuntimeError("only a server with TLS knows client certificates")
        return self.authority.client(name)

    def _write_configuration(self) -> None:
        options = self.options
        lines = [
            f"user {getuser()}",
            f"log_dest file {self.directory / 'log'}",
            *(f"log_type {kind}" for kind in ("error", "warning", "notice", "information")),
            f"listener {self.port} {HOST}",
            f"allow_anonymous {'false' if options.users else 'true'}",
            "set_tcp_nodelay true",
            f"max_inflight_messages {options.max_inflight_messages}",
            f"max_queued_messages {options.max_queued_messages}",
            f"sys_interval {options.sys_interval_s}",
        ]
        if options.users:
            lines.append(f"password_file {self._write_passwords()}")
        if options.acl:
            (self.directory / "acl").write_text(options.acl)
            lines.append(f"acl_file {self.directory / 'acl'}")
        if options.is_persistent:
            lines += [f"persistence true\npersistence_location {self.directory}/", "autosave_interval 1"]
            lines.append("autosave_on_changes true")
        if options.has_tls:
            lines += self._tls_lines()
        (self.directory / "mosquitto.conf").write_text("\n".join([*lines, *options.lines, ""]))

    def _write_passwords(self) -> Path:
        path = self.directory / "passwords"
        path.touch(mode=0o600)
        for name, password in self.options.users.items():
            subprocess.run(["mosquitto_passwd", "-b", str(path), name, password], check=True, capture_output=True)
        return path

    def _tls_lines(self) -> list[str]:
        self.authority = Authority(self.directory)
        identity = self.authority.server(*self.options.server_names, is_expired=self.options.is_expired)
        lines = [
            f"cafile {self.authority.ca}",
            f"certfile {identity.certificate}",
            f"keyfile {identity.key}",
        ]
        if self.options.wants_client_certificate:
            lines.append("require_certificate true")
        return lines

    def __enter__(self) -> MosquittoServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill it and forget what it kept."""
        self.kill()
        self._temporary.cleanup()


def find_binary() -> str:
    """The system's mosquitto; raises RuntimeError if there is none."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise RuntimeError("no mosquitto here: install the package mosquitto")
    return found
