"""How many messages a second pass through an MQTT link: in from a real Mosquitto, and out to it again.

    python -m benchmarks.mqtt_link [--count N] [--size BYTES] [--protocol 5|4]

The host acknowledges at once and stores nothing: this is the link's own share. Source and sink are processes of
their own that speak raw packets, so that they cost as little as possible.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import struct
import time
from collections.abc import Sequence
from uuid import UUID

from bridges.mqtt.link import MqttLink
from bridges.mqtt.packets import PUBACK, PUBCOMP, PUBREC, PUBREL, Ack, Parser, Publish, encode_ack, encode_publish
from bridges.mqtt.settings import MqttSettings, Subscription
from simulators.servers.mosquitto import MosquittoServer
from telemetry.links import LinkReport, LinkState
from telemetry.values import Arrival, ArrivalKind, Outcome, Outgoing

BURST = 200


class PassingHost:
    """Acknowledges what comes in and, if there is a way out, sends it on."""

    def __init__(self) -> None:
        self.link: MqttLink | None = None
        self.way_out: MqttLink | None = None
        self.is_connected = False
        self.messages = 0
        self._number = 0

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        link = self.link
        if link is None:
            return 0
        link.acknowledge(arrivals)
        messages = [arrival for arrival in arrivals if arrival.kind is ArrivalKind.MESSAGE]
        self.messages += len(messages)
        if self.way_out is not None:
            self.way_out.send([self._outgoing(message) for message in messages])
        return len(arrivals)

    def offer_and_wait(self, arrivals: Sequence[Arrival], timeout_s: float) -> int:
        return self.offer(arrivals)

    def _outgoing(self, message: Arrival) -> Outgoing:
        self._number += 1
        return Outgoing(id=UUID(int=self._number), payload=message.payload, address="out/plant/1", qos=message.qos)

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        failed = [outcome for outcome in outcomes if outcome.reason]
        if failed:
            print("not delivered:", failed[0])

    def report(self, report: LinkReport) -> None:
        self.is_connected = report.state is LinkState.CONNECTED
        if report.warning:
            print(report.warning)

    def dropped(self, link: str, count: int) -> None:
        print(f"{count} dropped")


class Peer:
    """A bare MQTT 3.1.1 client on a blocking socket."""

    def __init__(self, port: int, client_id: str) -> None:
        self.parser = Parser(is_v5=False)
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = client_id.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", len(name)) + name
        self.sock.sendall(bytes((0x10, len(body))) + body)
        self.sock.recv(4)

    def subscribe(self, topic_filter: str, qos: int) -> None:
        name = topic_filter.encode()
        body = b"\x00\x01" + struct.pack(">H", len(name)) + name + bytes((qos,))
        self.sock.sendall(bytes((0x82, len(body))) + body)
        self.sock.recv(5)

    def exchange(self) -> tuple[int, int]:
        """One read, answered; how many messages it brought and how many of ours it confirmed."""
        arrived = confirmed = 0
        answers = []
        for packet in self.parser.feed(self.sock.recv(131_072)):
            if isinstance(packet, Publish):
                arrived += 1
                if packet.qos:
                    answers.append(encode_ack(PUBACK if packet.qos == 1 else PUBREC, packet.packet_id))
            elif isinstance(packet, Ack):
                confirmed += packet.kind in (PUBACK, PUBCOMP)
                if packet.kind in (PUBREC, PUBREL):
                    answers.append(encode_ack(PUBREL if packet.kind == PUBREC else PUBCOMP, packet.packet_id))
        if answers:
            self.sock.sendall(b"".join(answers))
        return arrived, confirmed


def pour(port: int, count: int, size: int, qos: int) -> None:
    """Publish `count` messages: at QoS 0 as fast as the broker reads, else with BURST (QoS 2: 20) in flight."""
    peer = Peer(port, "source")
    payload = b"x" * size
    window = {0: BURST, 1: BURST, 2: 20}[qos]
    sent = done = 0
    while done < count:
        burst = min(window - (sent - done), count - sent)
        packets = [
            Publish("in/plant/1", payload, qos, packet_id=(sent + n) % 60_000 + 1 if qos else 0) for n in range(burst)
        ]
        peer.sock.sendall(b"".join(encode_publish(packet, is_v5=False) for packet in packets))
        sent += burst
        done = sent if not qos else done + peer.exchange()[1]


def drain(port: int, count: int, qos: int, ready: multiprocessing.synchronize.Event) -> None:
    """Receive `count` messages of what the link sends."""
    peer = Peer(port, "sink")
    peer.subscribe("out/#", qos)
    ready.set()
    seen = 0
    while seen < count:
        seen += peer.exchange()[0]


def measure(*, qos: int, count: int, size: int, protocol: int, is_bridge: bool) -> float:
    """Messages a second, from the first publish to the last arrival."""
    with MosquittoServer() as near, MosquittoServer() as far:
        host, far_host = PassingHost(), PassingHost()
        subscription = Subscription(name="in", filter="in/#", identifier=1, qos=qos)
        settings = MqttSettings(host=near.host, port=near.port, client_id="link", protocol=protocol)
        link = host.link = MqttLink("broker:near", settings, subscriptions=[subscription], host=host)
        far_settings = MqttSettings(host=far.host, port=far.port, client_id="link", protocol=protocol)
        way_out = far_host.link = MqttLink("broker:far", far_settings, subscriptions=[], host=far_host)
        link.start()
        way_out.start()
        wait_for(lambda: host.is_connected and far_host.is_connected)
        ready = multiprocessing.Event()
        sink = multiprocessing.Process(target=drain, args=(far.port, count, qos, ready))
        if is_bridge:
            host.way_out = way_out
            way_out.window = 10**9
            sink.start()
            ready.wait(10)
        began = time.perf_counter()
        source = multiprocessing.Process(target=pour, args=(near.port, count, size, qos))
        source.start()
        if is_bridge:
            sink.join(120)
        else:
            wait_for(lambda: host.messages >= count)
        took = time.perf_counter() - began
        source.join(10)
        link.stop(5)
        way_out.stop(5)
        return count / took


def wait_for(condition: object) -> None:
    """Wait for a condition, two minutes at most."""
    limit = time.monotonic() + 120
    while not condition():  # type: ignore[operator]
        if time.monotonic() > limit:
            raise SystemExit("it did not get done")
        time.sleep(0.001)


def main() -> None:
    """Measure each QoS, in only and in and out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--size", type=int, default=120)
    parser.add_argument("--protocol", type=int, default=5, choices=(4, 5))
    options = parser.parse_args()
    for qos in (0, 1, 2):
        for is_bridge in (False, True):
            rate = measure(
                qos=qos, count=options.count, size=options.size, protocol=options.protocol, is_bridge=is_bridge
            )
            print(f"QoS {qos}  {'in and out' if is_bridge else 'in':10}  {rate:9,.0f} messages/s", flush=True)


if __name__ == "__main__":
    main()
