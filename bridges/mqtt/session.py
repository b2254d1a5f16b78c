"""One connection to a broker, on paho: paho connects, subscribes and keeps alive; reading and writing are ours.

Whole buffers are read and written, and only the thread that calls these methods ever touches the socket.
paho's own message queues stay empty and its reconnect is not used: a Session lives for one connection.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.exception import MQTTException
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from bridges.mqtt.packets import Other, Packet, Parser
from bridges.mqtt.settings import LARGEST_PACKET, LARGEST_RECEIVE_MAXIMUM, MqttSettings, ServerLimits, tls_context
from bridges.mqtt.words import connack_failure, disconnect_sentence, is_announced_end, socket_failure
from telemetry.links import LinkLost, LinkRefused

_RECV_BYTES = 131_072
_CONNACK, _DISCONNECT = 0x20, 0xE0
_DISCONNECT_WITH_WILL = 0x04
_GOODBYE_S = 0.25


class ConnectionEnded(LinkLost):
    """The connection is over. `is_abnormal` unless its end had nothing to do with what was in flight.

    `code` is the reason code of a DISCONNECT: of the broker's, or, with `is_ours`, of the one to send.
    """

    def __init__(self, message: str, *, code: int = 0, is_abnormal: bool = True, is_ours: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_abnormal = is_abnormal
        self.is_ours = is_ours


@dataclass(frozen=True, slots=True)
class SubscribeAnswer:
    """A SUBACK: one reason code for each filter of the SUBSCRIBE with this packet id."""

    packet_id: int
    codes: tuple[int, ...]


def _properties(kind: int) -> Properties:
    return Properties(kind)  # type: ignore[no-untyped-call]


class Session(Client):
    """A connection from its socket to its end. `take_id` hands out packet ids that nobody else uses."""

    def __init__(self, settings: MqttSettings, *, take_id: Callable[[], int]) -> None:
        protocol = MQTTProtocolVersion.MQTTv5 if settings.is_v5 else MQTTProtocolVersion.MQTTv311
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if settings.is_v5 else settings.clean_start,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        self.settings = settings
        self.limits: ServerLimits | None = None
        self.sent_bytes = 0
        """Bytes that the socket has taken since the connection began."""
        self.wants_write = False
        self.subscribe_answers: list[SubscribeAnswer] = []
        self.unsubscribed_ids: list[int] = []
        self._take_id = take_id
        self._parser = Parser(is_v5=settings.is_v5)
        self._unsent = bytearray()
        self._stalled_by_read = False
        self._apply()

    def _apply(self) -> None:
        settings = self.settings
        self.connect_timeout = settings.connect_timeout_s
        if settings.username:
            self.username_pw_set(settings.username, settings.password or None)
        if settings.will_topic:
            self.will_set(settings.will_topic, settings.will_payload, settings.will_qos, settings.will_retain)
        if settings.tls.is_enabled:
            self.tls_set_context(tls_context(settings.tls))
            self.tls_insecure_set(not settings.tls.check_hostname)
        self.on_connect = self._connected
        self.on_subscribe = self._subscribed
        self.on_unsubscribe = self._unsubscribed

    # --- opening -----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect and send the CONNECT; the CONNACK comes later. Raises LinkLost or LinkRefused."""
        settings = self.settings
        try:
            if settings.is_v5:
                self.connect(
                    settings.host,
                    settings.port,
                    settings.keepalive_s,
                    clean_start=settings.clean_start,
                    properties=self._connect_properties_for(settings),
                )
            else:
                self.connect(settings.host, settings.port, settings.keepalive_s)
        except OSError as fault:
            raise self._failure(fault) from fault
        except UnicodeError as fault:  # IDNA cannot say it
            raise LinkRefused(f"{settings.host!r} is not a host name.") from fault

    @staticmethod
    def _connect_properties_for(settings: MqttSettings) -> Properties:
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = settings.session_expiry_s
        properties.ReceiveMaximum = settings.receive_maximum
        return properties

    def _create_socket_connection(self) -> socket.socket:
        sock = super()._create_socket_connection()
        # Else an acknowledgement beside a publish waits for up to 42 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    # --- reading -----------------------------------------------------------------------------------------------------

    def has_pending(self) -> bool:
        """Whether TLS holds bytes that no selector will tell of."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def receive(self) -> list[Packet]:
        """The packets of one read; [] if there was nothing. Raises ConnectionEnded at the end of the connection."""
        data = self._read()
        if not data:
            return []
        self._last_bytes_received = monotonic()
        packets = self._parser.feed(data)
        if not packets:
            self.check_parsed()
        return packets

    def check_parsed(self) -> None:
        """Raises ConnectionEnded if the bytes read so far held something that no packet may hold."""
        fault = self._parser.fault
        if fault is not None:
            raise ConnectionEnded(f"The broker sent what is not MQTT: {fault}.", code=fault.reason_code, is_ours=True)

    def _read(self) -> bytes:
        sock = self._open_socket()
        try:
            data = sock.recv(_RECV_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        except ssl.SSLWantWriteError:
            self.wants_write = True
            return b""
        except OSError as fault:
            raise self._broken(fault) from fault
        if not data:
            raise ConnectionEnded(self._closed_sentence())
        if self._stalled_by_read:
            self._stalled_by_read, self.wants_write = False, True
        return data

    def _broken(self, fault: OSError) -> LinkLost | LinkRefused:
        failure = self._failure(fault)
        return failure if isinstance(failure, LinkRefused) else ConnectionEnded(str(failure))

    def _failure(self, fault: OSError) -> LinkLost | LinkRefused:
        """What a fault of the socket means: before the CONNACK, the settings may be wrong."""
        if self.limits is not None:
            return LinkLost(str(socket_failure(fault, self.settings.address)))
        if isinstance(fault, (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)):
            return LinkLost(self._closed_sentence())
        return socket_failure(fault, self.settings.address)

    def _closed_sentence(self) -> str:
        if self.limits is None:
            hint = "does it speak this version of MQTT, and is TLS set as it expects?"
            return f"{self.settings.address} closed the connection before it answered ({hint})."
        return f"{self.settings.address} closed the connection."

    def _open_socket(self) -> socket.socket:
        if not isinstance(self._sock, socket.socket):
            raise ConnectionEnded(self._closed_sentence())
        return self._sock

    # --- what paho handles -------------------------------------------------------------------------------------------

    def hand_on(self, packet: Other) -> None:
        """Let paho handle a packet that is not part of a message. Raises LinkLost or LinkRefused where it says no."""
        kind, body = packet.first & 0xF0, packet.body
        if kind == _DISCONNECT:
            code = body[0] if body else 0
            raise ConnectionEnded(disconnect_sentence(code), code=code, is_abnormal=not is_announced_end(code))
        if kind == _CONNACK and len(body) >= 2 and body[1]:
            raise connack_failure(body[1])
        self._in_packet = {
            "command": packet.first,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(body),
            "packet": bytearray(body),
            "to_process": 0,
            "pos": 0,
        }
        try:
            answer = self._packet_handle()
        except (MQTTException, ValueError, IndexError, KeyError) as fault:
            raise ConnectionEnded(f"The broker sent what is not MQTT: {fault}.", code=0x81, is_ours=True) from fault
        if answer != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionEnded(
                f"The broker sent an unexpected packet (0x{packet.first:02X}).", code=0x82, is_ours=True
            )

    def _connected(
        self, _client: Client, _userdata: Any, flags: ConnectFlags, _reason: ReasonCode, properties: Properties | None
    ) -> None:
        def said(name: str, otherwise: int) -> int:
            return int(getattr(properties, name, otherwise))

        self.limits = ServerLimits(
            is_resumed=bool(flags.session_present),
            receive_maximum=said("ReceiveMaximum", LARGEST_RECEIVE_MAXIMUM),
            maximum_packet=said("MaximumPacketSize", LARGEST_PACKET),
            maximum_qos=said("MaximumQoS", 2),
            can_retain=bool(said("RetainAvailable", 1)),
            has_identifiers=self.settings.is_v5 and bool(said("SubscriptionIdentifierAvailable", 1)),
            session_expiry_s=getattr(properties, "SessionExpiryInterval", None),
        )

    def _subscribed(self, _client: Client, _userdata: Any, packet_id: int, codes: Sequence[Any], _props: Any) -> None:
        self.subscribe_answers.append(SubscribeAnswer(packet_id, tuple(int(code.value) for code in codes)))

    def _unsubscribed(self, _client: Client, _userdata: Any, packet_id: int, _codes: Any, _props: Any) -> None:
        self.unsubscribed_ids.append(packet_id)

    def check_alive(self) -> None:
        """Send a PINGREQ if one is due; raises ConnectionEnded if the last one was never answered."""
        self.loop_misc()
        if self._sock is None:
            raise ConnectionEnded(f"No sign of life from {self.settings.address} for {self._keepalive} s.")

    def _mid_generate(self) -> int:
        return self._take_id()

    def request(self, topic_filter: str, options: SubscribeOptions, *, identifier: int) -> int:
        """Queue a SUBSCRIBE; answers its packet id. `identifier` 0 for none."""
        if not self.settings.is_v5:
            _, packet_id = self.subscribe(topic_filter, options.QoS)
        else:
            properties = _properties(PacketTypes.SUBSCRIBE)
            if identifier:
                properties.SubscriptionIdentifier = identifier
            _, packet_id = self.subscribe(topic_filter, options=options, properties=properties)
        return packet_id or 0

    def withdraw(self, topic_filter: str) -> int:
        """Queue an UNSUBSCRIBE; answers its packet id."""
        _, packet_id = self.unsubscribe(topic_filter)
        return packet_id or 0

    # --- writing -----------------------------------------------------------------------------------------------------

    @property
    def queued_bytes(self) -> int:
        """Bytes handed to `queue` since the connection began: where in the stream the next packet starts."""
        return self.sent_bytes + len(self._unsent)

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the socket has not taken yet."""
        return len(self._unsent)

    def queue(self, data: bytes) -> None:
        """Put whole packets into the stream; `flush` writes them."""
        self._unsent += data

    def _packet_queue(
        self, command: int, packet: bytes | bytearray, mid: int, qos: int, info: MQTTMessageInfo | None = None
    ) -> MQTTErrorCode:
        # paho would write from here, whoever calls; in this class only `flush` writes.
        self._unsent += packet
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def flush(self) -> None:
        """Write what the socket takes. Raises ConnectionEnded if it is gone."""
        unsent = self._unsent
        self.wants_write = False
        while unsent:
            try:
                count = self._open_socket().send(unsent)
            except (BlockingIOError, ssl.SSLWantWriteError):
                self.wants_write = True
                return
            except ssl.SSLWantReadError:
                self._stalled_by_read = True
                return
            except OSError as fault:
                raise self._broken(self._last_word(fault)) from fault
            del unsent[:count]
            self.sent_bytes += count
            self._last_msg_out = monotonic()

    def _last_word(self, fault: OSError) -> OSError:
        """Why the other side closed, if it said so: TLS 1.3 tells of a missing client certificate only by now."""
        try:
            self._open_socket().recv(1)
        except ssl.SSLError as said:
            return said if said.reason else fault
        except OSError:
            return fault
        return fault

    def fileno(self) -> int:
        """The open socket's number, for a selector."""
        return self._open_socket().fileno()

    def end(self, code: int = 0, *, is_ours: bool = True) -> None:
        """Close; with `is_ours`, say goodbye first, as far as the socket takes it. The broker keeps the session."""
        if is_ours and self.limits is not None and isinstance(self._sock, socket.socket):
            self.queue(self._goodbye(code))
            # A socket that is closed with unread bytes is reset, and takes what it has just sent with it.
            with suppress(OSError):
                self._sock.settimeout(_GOODBYE_S)
                self._sock.sendall(self._unsent)
                if self._has_parting_will and not self.settings.is_v5:
                    self._sock.shutdown(socket.SHUT_WR)  # no DISCONNECT, so the will comes; this saves waiting for it
                deadline = monotonic() + _GOODBYE_S
                while monotonic() < deadline and self._sock.recv(_RECV_BYTES):
                    pass
        self._sock_close()

    @property
    def _has_parting_will(self) -> bool:
        return self.settings.has_parting_will and bool(self.settings.will_topic)

    def _goodbye(self, code: int) -> bytes:
        """The DISCONNECT, if the broker is to get one (MQTT 3.1.1, 3.14.4: it discards the will then)."""
        if not self.settings.is_v5:
            return b"" if self._has_parting_will else bytes((_DISCONNECT, 0))
        if self._has_parting_will:
            code = code or _DISCONNECT_WITH_WILL
        return bytes((_DISCONNECT, 1, code)) if code else bytes((_DISCONNECT, 0))
