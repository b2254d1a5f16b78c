"""Tells the broker what is subscribed, and remembers what it refused. For one thread; it never reads the socket."""

from __future__ import annotations

from typing import ClassVar

from paho.mqtt.subscribeoptions import SubscribeOptions

from bridges.mqtt.filters import check_filter, plain_filter
from bridges.mqtt.packet_ids import PacketIds
from bridges.mqtt.session import Session
from bridges.mqtt.settings import Subscription
from bridges.mqtt.subscriptions import Change, SubscriptionTable
from bridges.mqtt.words import reason

WATCH_IDENTIFIER = 268_435_455
"""The subscription identifier of what the link itself wants to know of the broker."""

DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
VERSION_TOPIC = "$SYS/broker/version"


class Subscriber:
    """Keeps a broker's session equal to the table, across connections."""

    unwatchable: ClassVar[set[str]] = set()
    """Addresses of brokers that end the connection over a look at their own counters, as rumqttd does."""

    def __init__(self, table: SubscriptionTable, ids: PacketIds) -> None:
        self.warnings: dict[str, str] = {}
        self._table = table
        self._ids = ids
        self._pending: dict[int, Subscription] = {}
        self._watching: set[int] = set()
        self._withdrawing: dict[int, str] = {}
        self._to_withdraw: set[str] = set()
        self._known: dict[str, Subscription] = {}  # what the broker's session has, as far as this life knows
        self._is_watched = False
        self._session: Session | None = None

    def begin(self, session: Session) -> None:
        """A connection stands: subscribe what the broker's session may not have."""
        self._session = session
        self._is_watched = False
        limits = session.limits
        is_resumed = limits is not None and limits.is_resumed
        if not is_resumed:
            self._known.clear()
            self._to_withdraw.clear()
        wanted = self._table.by_filter
        # Subscribing anew under MQTT 3.1.1 would bring every retained message again.
        added = tuple(one for key, one in wanted.items() if session.settings.is_v5 or self._known.get(key) != one)
        self.apply(Change(added=added, removed=tuple(self._to_withdraw)))

    @property
    def is_watch_unanswered(self) -> bool:
        """Whether a broker that ends the connection now probably does so over the look at its counters."""
        return bool(self._watching)

    def end(self, *, is_over_watch: bool) -> None:
        """The connection is over: no answer comes any more."""
        if is_over_watch and self._session is not None:
            self.unwatchable.add(self._session.settings.address)
        self._session = None
        for packet_id in (*self._pending, *self._watching, *self._withdrawing):
            self._ids.give_back(packet_id)
        self._pending.clear()
        self._watching.clear()
        self._withdrawing.clear()

    def apply(self, change: Change) -> None:
        """Subscribe and unsubscribe this difference now, or at the next connection."""
        self._to_withdraw.update(change.removed)
        for topic_filter in change.removed:
            self.warnings.pop(topic_filter, None)
            self._known.pop(topic_filter, None)
        session = self._session
        if session is None:
            return
        for topic_filter in [*self._to_withdraw]:
            if topic_filter in self._table.by_filter:
                self._to_withdraw.discard(topic_filter)
            elif _is_possible(topic_filter):
                self._withdrawing[session.withdraw(topic_filter)] = topic_filter
        for subscription in change.added:
            self._subscribe(session, subscription)
        self._watch(session)

    def _subscribe(self, session: Session, subscription: Subscription) -> None:
        try:
            check_filter(subscription.filter)
        except ValueError as fault:  # a broker would end the connection over it
            self.warnings[subscription.filter] = f"Topic {subscription.name} cannot be subscribed: {fault}."
            return
        limits = session.limits
        has_identifiers = limits is not None and limits.has_identifiers
        options = SubscribeOptions(
            qos=subscription.qos,
            noLocal=subscription.no_local and plain_filter(subscription.filter) == subscription.filter,
            retainAsPublished=subscription.retain_as_published,
            retainHandling=subscription.retain_handling,
        )
        identifier = subscription.identifier if has_identifiers else 0
        self._pending[session.request(subscription.filter, options, identifier=identifier)] = subscription

    def _watch(self, session: Session) -> None:
        """Last of all, as some brokers end the connection over it. Then this process does not try it again."""
        if self._is_watched or self._pending or session.settings.address in self.unwatchable:
            return
        self._is_watched = True
        limits = session.limits
        identifier = WATCH_IDENTIFIER if limits is not None and limits.has_identifiers else 0
        for topic in (DROPPED_TOPIC, VERSION_TOPIC):
            if topic not in self._table.by_filter:
                self._watching.add(session.request(topic, SubscribeOptions(qos=0), identifier=identifier))

    def take_answers(self) -> bool:
        """Work off the SUBACKs and UNSUBACKs that came; answers whether a warning changed."""
        session = self._session
        if session is None or not (session.subscribe_answers or session.unsubscribed_ids):
            return False
        before = dict(self.warnings)
        for answer in session.subscribe_answers:
            self._ids.give_back(answer.packet_id)
            self._watching.discard(answer.packet_id)
            subscription = self._pending.pop(answer.packet_id, None)
            if subscription is not None:
                self._judge(subscription, max(answer.codes, default=0x80))
        for packet_id in session.unsubscribed_ids:
            self._ids.give_back(packet_id)
            self._to_withdraw.discard(self._withdrawing.pop(packet_id, ""))
        session.subscribe_answers.clear()
        session.unsubscribed_ids.clear()
        self._watch(session)
        return self.warnings != before

    def _judge(self, subscription: Subscription, code: int) -> None:
        topic_filter, name = subscription.filter, subscription.name
        if self._table.by_filter.get(topic_filter) != subscription:
            return  # changed meanwhile
        self.warnings.pop(topic_filter, None)
        if code >= 0x80:
            self.warnings[topic_filter] = f"The broker refused topic {name} ({topic_filter}): {reason(code)}."
            return
        self._known[topic_filter] = subscription
        if code < subscription.qos:
            self.warnings[topic_filter] = (
                f"The broker gives topic {name} ({topic_filter}) QoS {code} instead of {subscription.qos}."
            )


def _is_possible(topic_filter: str) -> bool:
    try:
        check_filter(topic_filter)
    except ValueError:
        return False
    return True
