"""A broker on a real socket that lets a test read and send exact packets. For the odd packet only."""

from __future__ import annotations

import socket
import time
from collections import deque
from types import TracebackType

from bridges.mqtt.packets import Ack, Other, Packet, Parser, Publish, encode_ack, encode_publish

_CONNECT, _SUBSCRIBE, _UNSUBSCRIBE, _PINGREQ = 0x10, 0x80, 0xA0, 0xC0


class FakeConnection:
    """One accepted connection. SUBSCRIBE, UNSUBSCRIBE and PINGREQ are answered by themselves."""

    def __init__(self, sock: socket.socket, *, is_v5: bool, suback: int | None = 2) -> None:
        self.sock = sock
        self.is_v5 = is_v5
        self.suback = suback
        self.subscribed: list[bytes] = []
        self.is_closed = False
        self._parser = Parser(is_v5=is_v5)
        self._packets: deque[Packet] = deque()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def publish(self, publish: Publish) -> None:
        self.send(encode_publish(publish, is_v5=self.is_v5))

    def ack(self, kind: int, packet_id: int, reason_code: int = 0) -> None:
        self.send(encode_ack(kind, packet_id, reason_code))

    def read(self, within_s: float = 5.0) -> Packet | None:
        """The next packet that is not answered by itself; None at the end of the connection."""
        limit = time.monotonic() + within_s
        while not self._packets:
            if time.monotonic() > limit:
                raise AssertionError("the link sent nothing more")
            if not self._pump():
                return None
        return self._packets.popleft()

    def read_ack(self) -> Ack:
        packet = self.read()
        assert isinstance(packet, Ack), packet
        return packet

    def read_publish(self) -> Publish:
        packet = self.read()
        assert isinstance(packet, Publish), packet
        return packet

    def is_silent(self, for_s: float = 0.2) -> bool:
        """Whether nothing comes for a while."""
        try:
            packet = self.read(for_s)
        except AssertionError:
            return True
        raise AssertionError(f"unexpected: {packet}")

    def _pump(self) -> bool:
        self.sock.settimeout(0.02)
        try:
            data = self.sock.recv(65_536)
        except TimeoutError:
            return True
        except OSError:
            data = b""
        if not data:
            self.is_closed = True
            return False
        for packet in self._parser.feed(data):
            if not isinstance(packet, Other) or not self._answer(packet):
                self._packets.append(packet)
        return True

    def _answer(self, packet: Other) -> bool:
        kind, properties = packet.first & 0xF0, b"\x00" if self.is_v5 else b""
        if kind == _SUBSCRIBE:
            self.subscribed.append(packet.body)
        if kind == _SUBSCRIBE and self.suback is not None:
            self.send(bytes((0x90, 3 + len(properties))) + packet.body[:2] + properties + bytes((self.suback,)))
        elif kind == _UNSUBSCRIBE:
            self.send(bytes((0xB0, 2 + 2 * len(properties))) + packet.body[:2] + properties * 2)
        elif kind == _PINGREQ:
            self.send(b"\xd0\x00")
        return kind in (_SUBSCRIBE, _UNSUBSCRIBE, _PINGREQ)

    def close(self) -> None:
        """End the connection without a word."""
        self.sock.close()


class FakeBroker:
    """`with FakeBroker() as broker: connection = broker.accept()`."""

    def __init__(self, *, is_v5: bool = True) -> None:
        self.is_v5 = is_v5
        self.connections: list[FakeConnection] = []
        self.last_connect = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()[:2]

    def accept(
        self, *, is_resumed: bool = False, properties: bytes = b"", code: int = 0, suback: int | None = 2
    ) -> FakeConnection:
        """Take the next connection and answer its CONNECT. `suback` None: leave SUBSCRIBEs unanswered."""
        self._listener.settimeout(10)
        connection = FakeConnection(self._listener.accept()[0], is_v5=self.is_v5, suback=suback)
        self.connections.append(connection)
        connect = connection.read()
        assert isinstance(connect, Other)
        assert connect.first == _CONNECT
        self.last_connect = connect.body
        block = bytes((len(properties),)) + properties if self.is_v5 else b""
        connection.send(bytes((0x20, 2 + len(block), is_resumed, code)) + block)
        return connection

    def accepts_nothing(self, for_s: float = 0.6) -> bool:
        """Whether nobody connects for a while."""
        self._listener.settimeout(for_s)
        try:
            self._listener.accept()[0].close()
        except TimeoutError:
            return True
        return False

    def __enter__(self) -> FakeBroker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self.connections:
            connection.close()
        self._listener.close()
