"""Open serial ports: a local device, a raw TCP serial server, an RFC 2217 server. One reader and one writer thread
may use a port at once; `close` is for the reader, after the writer has let go.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import termios
from abc import ABC, abstractmethod
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit

import serial

from devices.serial.faults import opening_fault
from devices.serial.settings import SerialSettings
from telemetry.links import LinkLost

CONNECT_TIMEOUT_S = 3.0
_CHUNK = 65_536
_PSEUDO_TERMINALS = range(136, 144)
"""Their device numbers. They keep TIOCEXCL when the holder was killed, and would lock out the next one."""


class Port(ABC):
    """An open port. Every method raises LinkLost when the port is gone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._fault = ""

    def fail(self, reason: str) -> None:
        """Make the next `read` raise LinkLost: the port is no longer fit for use."""
        self._fault = reason

    def read(self, timeout_s: float) -> bytes:
        """All that has come, as soon as something has; b'' after `timeout_s` of silence."""
        if self._fault:
            raise LinkLost(self._fault)
        return self._read(timeout_s)

    @abstractmethod
    def _read(self, timeout_s: float) -> bytes: ...

    @abstractmethod
    def write(self, data: bytes, timeout_s: float) -> int:
        """How many of these bytes were taken; 0 if there was no room within `timeout_s`."""

    @abstractmethod
    def unsent(self) -> int:
        """How many bytes taken have not left yet; 0 where nobody can know."""

    @abstractmethod
    def discard_unsent(self) -> int:
        """Throw away what has not left; answers how many bytes were taken back with certainty."""

    @abstractmethod
    def close(self) -> None:
        """Let the port go. Never raises."""


class _DescriptorPort(Port):
    """What a tty and a socket have in common: a non-blocking file descriptor."""

    def __init__(self, name: str, descriptor: int) -> None:
        super().__init__(name)
        self._descriptor = descriptor
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(descriptor, select.POLLIN)
        self._writable.register(descriptor, select.POLLOUT)

    def _read(self, timeout_s: float) -> bytes:
        if not self._readable.poll(timeout_s * 1000):
            self._check_alive()
            return b""
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LinkLost(f"{self.name} was lost: {error.strerror}") from error
        if not data:
            raise LinkLost(f"{self.name} was closed by the other side")
        return data

    def write(self, data: bytes, timeout_s: float) -> int:
        if not self._writable.poll(timeout_s * 1000):
            return 0
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise LinkLost(f"{self.name} was lost: {error.strerror}") from error

    def unsent(self) -> int:
        """The kernel's count: for a TCP socket the same number means bytes that the peer has not acknowledged."""
        try:
            answer = fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError as error:
            raise LinkLost(f"{self.name} was lost: {error.strerror}") from error
        return int(struct.unpack("i", answer)[0])

    def _check_alive(self) -> None:
        """Called in silence."""


class TtyPort(_DescriptorPort):
    """A local serial device, held exclusively (flock against other hubs, TIOCEXCL against other programs)."""

    def __init__(self, settings: SerialSettings) -> None:
        device = _configured(serial.Serial(exclusive=True, timeout=0), settings)
        device.port = settings.port
        device.open()
        self._device = device
        super().__init__(settings.port, device.fd)
        self._node = os.fstat(device.fd).st_rdev
        if os.major(self._node) not in _PSEUDO_TERMINALS:
            fcntl.ioctl(device.fd, termios.TIOCEXCL)

    def discard_unsent(self) -> int:
        """Between the count and the flush a byte leaves only if the device held back until this very moment."""
        try:
            left = self.unsent()
            if left:  # a pseudo-terminal counts none, and would lose what its other side has not read yet
                termios.tcflush(self._descriptor, termios.TCOFLUSH)
        except (LinkLost, termios.error):
            return 0
        return left

    def close(self) -> None:
        try:
            self.discard_unsent()  # closing would wait for a device that holds back, up to 30 s
            self._device.close()
        except (OSError, termios.error):
            return

    def _check_alive(self) -> None:
        try:
            node = Path(self.name).stat().st_rdev
        except OSError:
            raise LinkLost(f"{self.name} is gone: was the cable pulled?") from None
        if node != self._node:
            raise LinkLost(f"{self.name} leads to another device now")


class SocketPort(_DescriptorPort):
    """A raw TCP serial server. pyserial's own throws away what the server says first and never notices a dead peer."""

    def __init__(self, settings: SerialSettings) -> None:
        parts = urlsplit(settings.port)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=CONNECT_TIMEOUT_S)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                self._socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        super().__init__(settings.port, self._socket.fileno())

    def discard_unsent(self) -> int:
        """What the kernel still holds goes only with the connection, and some may have arrived unacknowledged."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.fail(f"{self.name}: a write was cut short")
        return 0

    def close(self) -> None:
        self._socket.close()


class Rfc2217Port(Port):
    """A serial server that speaks RFC 2217, by pyserial."""

    def __init__(self, settings: SerialSettings) -> None:
        super().__init__(settings.port)
        self._device: Any = _configured(serial.serial_for_url(settings.port, do_not_open=True), settings)
        self._device.open()
        # pyserial's own thread fills this queue; theirs has no bound, this one stops the reading when it is full.
        self._bytes: Queue[bytes | None] = Queue(maxsize=_CHUNK)
        self._device._read_buffer = self._bytes

    def _read(self, timeout_s: float) -> bytes:
        came: list[bytes] = []
        try:
            piece = self._bytes.get(timeout=timeout_s)
            while piece is not None:
                came.append(piece)
                if len(came) == _CHUNK:
                    return b"".join(came)
                piece = self._bytes.get_nowait()
            self.fail(f"{self.name} was closed by the other side")
        except Empty:
            if not came and not self._device._thread.is_alive():
                raise LinkLost(f"{self.name} was closed by the other side") from None
        return b"".join(came)

    def write(self, data: bytes, timeout_s: float) -> int:
        try:
            return int(self._device.write(data[:512]))
        except (OSError, serial.SerialException) as error:
            raise LinkLost(f"{self.name} was lost: {error}") from error

    def unsent(self) -> int:
        return 0

    def discard_unsent(self) -> int:
        return 0

    def close(self) -> None:
        while not self._bytes.empty():  # else pyserial's thread could wait for room for ever
            self._bytes.get_nowait()
        self._device.close()


def open_port(settings: SerialSettings) -> Port:
    """Open it; raises LinkLost, or LinkRefused for settings that the port cannot do."""
    kind: type[TtyPort | SocketPort | Rfc2217Port] = TtyPort
    if settings.is_network:
        kind = SocketPort if settings.port.startswith("socket://") else Rfc2217Port
    try:
        return kind(settings)
    except (OSError, ValueError, termios.error) as error:
        raise opening_fault(settings, error) from error


def _configured(device: Any, settings: SerialSettings) -> Any:
    device.baudrate = settings.baud
    device.bytesize = settings.bytesize
    device.parity = settings.parity
    device.stopbits = settings.stopbits
    device.xonxoff, device.rtscts, device.dsrdtr = settings.xonxoff, settings.rtscts, settings.dsrdtr
    if settings.dtr is not None:
        device.dtr = settings.dtr
    if settings.rts is not None:
        device.rts = settings.rts
    return device
