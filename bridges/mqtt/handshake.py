"""From nothing to a session that the broker has accepted; also the trial behind a "Test connection" button."""

from __future__ import annotations

import selectors
import struct
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from time import monotonic

from bridges.mqtt.packets import Other, Packet
from bridges.mqtt.session import Session
from bridges.mqtt.settings import MqttSettings
from telemetry.links import LinkLost, LinkRefused

_CONNACK = 0x20
_GLANCE_S = 0.1


def open_session(
    settings: MqttSettings, *, take_id: Callable[[], int], is_stopping: Callable[[], bool]
) -> tuple[Session, list[Packet]]:
    """An accepted session, and the packets that came right behind its CONNACK. Raises LinkLost or LinkRefused."""
    try:
        session = Session(settings, take_id=take_id)
    except ValueError as fault:
        raise LinkRefused(f"The settings cannot be used: {fault}.") from fault
    try:
        session.open()
        return session, _await_connack(session, is_stopping)
    except (ValueError, struct.error) as fault:
        session.end()
        raise LinkRefused("The settings cannot be said in MQTT: something in them is too long or empty.") from fault
    except BaseException:
        session.end()
        raise


def _await_connack(session: Session, is_stopping: Callable[[], bool]) -> list[Packet]:
    deadline = monotonic() + session.settings.connect_timeout_s
    with selectors.DefaultSelector() as selector:
        selector.register(session.fileno(), selectors.EVENT_READ)
        while monotonic() < deadline:
            if is_stopping():
                raise LinkLost("The link was stopped while it was connecting.")
            session.flush()
            packets = session.receive()
            if packets:
                return _accepted(session, packets)
            if not session.has_pending():
                selector.select(_GLANCE_S)
    raise LinkLost(f"{session.settings.address} took the connection but did not answer in time.")


def _accepted(session: Session, packets: list[Packet]) -> list[Packet]:
    first = packets[0]
    if not isinstance(first, Other) or first.first & 0xF0 != _CONNACK:
        raise LinkLost(f"What answers at {session.settings.address} is not an MQTT broker.")
    session.hand_on(first)
    return packets[1:]


def try_connection(settings: MqttSettings, timeout_s: float) -> None:
    """Connect once and leave nothing behind; raises LinkLost or LinkRefused with one plain sentence.

    It comes under a client id of its own, so that it does not take over the session of a link that is running.
    """
    trial = replace(
        settings,
        client_id=f"{settings.client_id}-try-{token_hex(4)}",
        clean_start=True,
        session_expiry_s=0,
        will_topic="",
        connect_timeout_s=timeout_s,
    )
    session, _ = open_session(trial, take_id=lambda: 1, is_stopping=lambda: False)
    session.end()
