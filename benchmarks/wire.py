"""A bare MQTT 3.1.1 client for sources and sinks: whole buffers, pre-built packets, no thread, no copy of a payload."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence

from bridges.mqtt.packets import PUBACK, Parser, Publish, encode_ack, encode_publish

_PUBACK_BYTES = 4  # in MQTT 3.1.1 always
_RECV_BYTES = 262_144


class Peer:
    """One connection on a blocking socket."""

    def __init__(self, port: int, client_id: str) -> None:
        self._parser = Parser(is_v5=False)
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = client_id.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", len(name)) + name  # no keep-alive
        self.sock.sendall(bytes((0x10, len(body))) + body)
        if self.sock.recv(4)[-1:] != b"\0":
            raise ConnectionError("the broker refuses the connection")

    def subscribe(self, topic_filter: str, qos: int) -> None:
        """Subscribe and wait for the answer."""
        name = topic_filter.encode()
        body = b"\x00\x01" + struct.pack(">H", len(name)) + name + bytes((qos,))
        self.sock.sendall(bytes((0x82, len(body))) + body)
        self.sock.recv(5)

    def pour(self, packets: Sequence[bytes], *, window: int = 2000, rate: float = 0.0) -> None:
        """Send QoS 1 PUBLISHes, at most `window` unconfirmed, at most `rate` a second (0: as fast as may be)."""
        sent = confirmed = 0
        began = time.perf_counter()
        step = max(1, window // 4)
        while confirmed < len(packets):
            due = int((time.perf_counter() - began) * rate) + 1 if rate else len(packets)
            count = min(step, window - (sent - confirmed), len(packets) - sent, due - sent)
            if count > 0:
                self.sock.sendall(b"".join(packets[sent : sent + count]))
                sent += count
            if sent - confirmed >= window or sent == len(packets) or (rate and count <= 0):
                confirmed += self._confirmations(wait_s=0.001 if rate and sent < len(packets) else 30.0)

    def _confirmations(self, *, wait_s: float) -> int:
        """Count PUBACKs by their bytes: nothing else comes to a client without a subscription."""
        self.sock.settimeout(wait_s)
        try:
            data = self.sock.recv(_RECV_BYTES)
        except TimeoutError:
            return 0
        if not data:
            raise ConnectionError("the broker ended the connection")
        while len(data) % _PUBACK_BYTES:
            data += self.sock.recv(_PUBACK_BYTES - len(data) % _PUBACK_BYTES)
        return len(data) // _PUBACK_BYTES

    def receive(self) -> list[Publish]:
        """The messages of one read, confirmed; raises TimeoutError."""
        data = self.sock.recv(_RECV_BYTES)
        if not data:
            raise ConnectionError("the broker ended the connection")
        found = [packet for packet in self._parser.feed(data) if isinstance(packet, Publish)]
        answers = b"".join(encode_ack(PUBACK, packet.packet_id) for packet in found if packet.qos)
        if answers:
            self.sock.sendall(answers)
        return found


def qos1_packets(topic: str, payloads: Sequence[bytes]) -> list[bytes]:
    """Each payload as a whole PUBLISH of QoS 1."""
    return [
        encode_publish(Publish(topic, payload, 1, packet_id=number % 65_000 + 1), is_v5=False)
        for number, payload in enumerate(payloads)
    ]
