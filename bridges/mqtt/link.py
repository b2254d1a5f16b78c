"""The MQTT link: holds one session with one broker, carries messages in and out, and never gives up.

One thread owns the socket and all bookkeeping. Nothing is acknowledged before the host says so, nothing is
dropped but QoS 0 for which the host has no room, and the socket is always read.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector, SelectorKey
from time import monotonic

from bridges.mqtt.broker_watch import BrokerWatch
from bridges.mqtt.handshake import open_session
from bridges.mqtt.inbound import Inbound
from bridges.mqtt.mailbox import Mailbox
from bridges.mqtt.outbound import MAX_IN_FLIGHT, Outbound
from bridges.mqtt.packet_ids import PacketIds
from bridges.mqtt.packets import PUBREL, Ack, Packet, Publish
from bridges.mqtt.reporter import STABLE_S, Reporter
from bridges.mqtt.session import ConnectionEnded, Session
from bridges.mqtt.settings import MqttSettings, Subscription
from bridges.mqtt.subscriber import Subscriber
from bridges.mqtt.subscriptions import SubscriptionTable
from telemetry.backoff import Backoff
from telemetry.links import LinkHost, LinkLost, LinkRefused, LinkState
from telemetry.values import Arrival, Outcome, Outgoing, Verdict

log = logging.getLogger(__name__)

_LOOK_S = 1.0
_HELD_UP_LOOK_S = 0.02
_OVERRUN_GRACE_S = 1.0
_STOP_GRACE_S = 2.0
_OVERRUN = 0x93
_STOPPED = "The link was stopped."


def utc_now() -> datetime:
    """The time, for `received_at` and message expiry."""
    return datetime.now(UTC)


class MqttLink:
    """One MQTT session. Implements telemetry.links.Link."""

    window = 4 * MAX_IN_FLIGHT  # what is in flight, what was confirmed but not committed yet, and a batch to follow

    def __init__(
        self,
        key: str,
        settings: MqttSettings,
        *,
        subscriptions: Sequence[Subscription],
        host: LinkHost,
        backoff: Backoff | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.key = key
        self.settings = settings
        self._host = host
        self._backoff = backoff or Backoff()
        self._now = now
        self._mail = Mailbox()
        self._ids = PacketIds()
        self._table = SubscriptionTable(subscriptions)
        self._subscriber = Subscriber(self._table, self._ids)
        self._watch = BrokerWatch()
        self._inbound = Inbound(key, receive_maximum=settings.receive_maximum)
        self._outbound = Outbound(self._ids, is_v5=settings.is_v5)
        self._reporter = Reporter(key, settings, host=host, subscriber=self._subscriber, watch=self._watch)
        self._thread: threading.Thread | None = None
        self._grace_s = _STOP_GRACE_S
        self._deadline: float | None = None  # when an overrun or a stop ends the connection at the latest
        self._connected_at = 0.0
        self._looked_at = 0.0

    # --- for other threads -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the link's thread and return at once."""
        self._thread = threading.Thread(target=self._run, name=f"mqtt {self.key}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Let what is under way finish for a moment, disconnect (the broker keeps the session), return the rest."""
        self._grace_s = min(_STOP_GRACE_S, timeout_s / 2)
        self._mail.is_stopping = True
        self._mail.wake()
        if self._thread is None:
            self._mail.close()
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """These arrivals are committed: acknowledge those that came on the connection that still stands."""
        self._mail.acknowledged.append(arrivals)
        self._mail.wake()

    def send(self, items: Sequence[Outgoing]) -> None:
        """Carry these out, in order. Without a connection they are returned at once, from the calling thread."""
        if not self._mail.post(items):
            self._host.conclude([Outcome(item.id, Verdict.RETURNED, "There is no connection.") for item in items])

    def update_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        """Subscribe and unsubscribe the difference, without a new connection."""
        self._mail.post_subscriptions(subscriptions)

    # --- the life of the link ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._reporter.report(LinkState.CONNECTING, f"Connecting to {self.settings.address}.")
        try:
            while not self._mail.is_stopping and self._live_once():
                self._rest(self._backoff.next_delay_s())
        finally:
            self._outbound.give_up(_STOPPED)
            self._conclude()
            self._mail.close()

    def _live_once(self) -> bool:
        """One connection from its beginning to its end; answers whether to try again."""
        try:
            self._hold_connection()
        except LinkRefused as refusal:
            self._reporter.report(LinkState.REFUSED, str(refusal))
            return False
        except LinkLost as loss:
            if not self._mail.is_stopping:
                self._reporter.report(LinkState.LOST, str(loss))
        except Exception:  # the border of the thread: a fault of ours must not end the link for good
            log.exception("the link failed", extra={"link": self.key})
            self._reporter.report(LinkState.LOST, "A fault in the hub ended the connection; its log says more.")
        finally:
            self._conclude()
        return True

    def _rest(self, delay_s: float) -> None:
        """Wait, unless the link is stopped."""
        until = monotonic() + delay_s
        with DefaultSelector() as selector:
            selector.register(self._mail, EVENT_READ)
            while not self._mail.is_stopping and (left_s := until - monotonic()) > 0:
                if selector.select(left_s):
                    self._mail.notice()

    def _hold_connection(self) -> None:
        session, packets = open_session(
            self.settings, take_id=self._ids.take, is_stopping=lambda: self._mail.is_stopping
        )
        end = ConnectionEnded("The connection failed.")
        try:
            self._begin(session)
            self._serve(session, packets)
            end = ConnectionEnded(_STOPPED, is_abnormal=False, is_ours=True)
        except ConnectionEnded as ended:
            end = ended
            raise
        finally:
            self._finish(session, end)

    def _begin(self, session: Session) -> None:
        limits = session.limits
        if limits is None:
            raise ConnectionEnded("The broker's answer to the connection was empty.")
        self._connected_at = self._looked_at = monotonic()
        self._deadline = None
        self._inbound.begin(is_resumed=limits.is_resumed)
        self._outbound.begin(limits)
        self._take_subscriptions()
        self._subscriber.begin(session)
        self._mail.open()
        self._reporter.note_limits(limits)
        self._reporter.connected()

    def _finish(self, session: Session, end: ConnectionEnded) -> None:
        self._outbound.accept(self._mail.shut())
        is_over_watch = self._subscriber.is_watch_unanswered and end.is_abnormal and not end.is_ours
        is_abnormal = end.is_abnormal and not is_over_watch
        self._outbound.end(is_abnormal=is_abnormal, sent_bytes=session.sent_bytes, reason=str(end))
        self._subscriber.end(is_over_watch=is_over_watch)
        if not end.is_ours and not is_over_watch:
            self._reporter.note_end(end, lasted_s=monotonic() - self._connected_at)
        session.end(end.code, is_ours=end.is_ours)

    # --- one connection ----------------------------------------------------------------------------------------------

    def _serve(self, session: Session, packets: list[Packet]) -> None:
        """Carry messages until the link is stopped (then it returns) or the connection ends (then it raises)."""
        with DefaultSelector() as selector:
            selector.register(self._mail, EVENT_READ)
            key = selector.register(session.fileno(), EVENT_READ)
            while True:
                if packets:
                    self._take_packets(session, packets)
                self._take_mail(session)
                self._send_out(session)
                if self._is_over():
                    return
                key = self._watch_socket(selector, key, session)
                packets = self._await(selector, session)
                self._look_after(session)

    @staticmethod
    def _watch_socket(selector: DefaultSelector, key: SelectorKey, session: Session) -> SelectorKey:
        events = EVENT_READ | EVENT_WRITE if session.wants_write else EVENT_READ
        return key if key.events == events else selector.modify(key.fd, events)

    def _await(self, selector: DefaultSelector, session: Session) -> list[Packet]:
        has_pending = session.has_pending()
        for ready, _ in selector.select(0 if has_pending else self._patience_s()):
            if ready.fileobj is self._mail:
                self._mail.notice()
            else:
                has_pending = True
        return session.receive() if has_pending else []

    def _patience_s(self) -> float:
        if self._inbound.is_held_up or self._outbound.has_delayed or self._deadline is not None:
            return _HELD_UP_LOOK_S
        return _LOOK_S

    def _take_packets(self, session: Session, packets: list[Packet]) -> None:
        now = self._now()
        inbound, names, take_ack = self._inbound, self._table.names, self._outbound.take_ack
        try:
            for packet in packets:
                if isinstance(packet, Publish):
                    topics = names(packet.topic, packet.properties.subscription_identifiers)
                    if packet.topic[0] != "$" or not self._watch.takes(packet, topics):
                        inbound.add(packet, topics, now=now)
                elif not isinstance(packet, Ack):
                    session.hand_on(packet)
                elif packet.kind == PUBREL:
                    inbound.add_release(packet.packet_id, now=now)
                else:
                    take_ack(packet)
        finally:
            inbound.offer(self._host)
        session.check_parsed()
        if self._subscriber.take_answers() or self._watch.has_news:
            self._watch.has_news = False
            self._reporter.connected()

    def _take_mail(self, session: Session) -> None:
        acknowledged = self._mail.acknowledged
        while acknowledged:
            if packets := self._inbound.acknowledge(acknowledged.popleft()):
                session.queue(packets)
        if items := self._mail.take_items():
            self._outbound.accept(items)
        self._take_subscriptions()
        if self._inbound.is_held_up:
            self._inbound.offer(self._host)

    def _take_subscriptions(self) -> None:
        subscriptions = self._mail.take_subscriptions()
        if subscriptions is not None:
            self._subscriber.apply(self._table.replace(subscriptions))

    def _send_out(self, session: Session) -> None:
        self._outbound.pump(
            session.queue, session.queued_bytes, unsent=session.unsent_bytes, now=self._now(), tick=monotonic()
        )
        session.flush()
        self._outbound.note_written(session.sent_bytes)
        self._conclude()

    def _is_over(self) -> bool:
        """Whether a stop is complete; raises ConnectionEnded when an overrun has been dealt with."""
        if not (self._mail.is_stopping or self._inbound.is_overrun):
            return False
        if self._mail.is_stopping and not self._inbound.is_closing:
            self._inbound.is_closing = True
            self._outbound.accept(self._mail.shut())
            self._deadline = monotonic() + self._grace_s
        if self._deadline is None:
            self._deadline = monotonic() + _OVERRUN_GRACE_S
        is_late = monotonic() >= self._deadline
        if self._mail.is_stopping:
            return is_late or (self._inbound.is_settled and not self._outbound.held)
        # What was taken is acknowledged first, so that every connection gets further than the one before.
        if is_late or self._inbound.is_settled:
            if self._inbound.is_settled:
                self._backoff.reset()
            sentence = f"The broker sent far more than {self.settings.receive_maximum} unacknowledged messages."
            raise ConnectionEnded(sentence, code=_OVERRUN, is_abnormal=False, is_ours=True)
        return False

    def _look_after(self, session: Session) -> None:
        now = monotonic()
        if now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        session.check_alive()
        if now - self._connected_at >= STABLE_S:
            self._backoff.reset()
            self._reporter.note_stable()

    def _conclude(self) -> None:
        outcomes = self._outbound.outcomes
        if outcomes:
            self._outbound.outcomes = []
            self._host.conclude(outcomes)
