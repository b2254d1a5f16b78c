"""Which in-Topics a message belongs to: by subscription identifier on MQTT 5, by matching its topic otherwise. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridges.mqtt.filters import FilterTrie
from bridges.mqtt.settings import Subscription

_KEPT_TOPICS = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """What a broker must be told when the subscriptions change."""

    added: tuple[Subscription, ...] = ()
    removed: tuple[str, ...] = ()


class SubscriptionTable:
    """The subscriptions of one link. Of several with one filter, the first stands for all at the broker."""

    def __init__(self, subscriptions: Sequence[Subscription] = ()) -> None:
        self.by_filter: dict[str, Subscription] = {}
        self._names: dict[str, list[str]] = {}
        self._filter_of: dict[int, str] = {}
        self._trie: FilterTrie[str] = FilterTrie()
        self._by_topic: dict[str, tuple[str, ...]] = {}
        self._by_identifiers: dict[tuple[int, ...], tuple[str, ...]] = {}
        self.replace(subscriptions)

    def replace(self, subscriptions: Sequence[Subscription]) -> Change:
        """Take these subscriptions instead; answers the difference."""
        before = self.by_filter
        self.by_filter, self._names, self._trie = {}, {}, FilterTrie()
        self._by_topic.clear()
        self._by_identifiers.clear()
        for subscription in subscriptions:
            self.by_filter.setdefault(subscription.filter, subscription)
            self._names.setdefault(subscription.filter, []).append(subscription.name)
        for topic_filter in self.by_filter:
            self._trie.add(topic_filter, topic_filter)
        self._filter_of = {one.identifier: one.filter for one in self.by_filter.values()}
        return Change(
            added=tuple(one for key, one in self.by_filter.items() if _differs(before.get(key), one)),
            removed=tuple(key for key in before if key not in self.by_filter),
        )

    def names(self, topic: str, identifiers: tuple[int, ...]) -> tuple[str, ...]:
        """The in-Topics of a message, most specific first; () if none is subscribed any more."""
        if identifiers:
            known = self._by_identifiers.get(identifiers)
            if known is not None:
                return known
            if all(number in self._filter_of for number in identifiers):
                return self._named(topic, identifiers)
        known = self._by_topic.get(topic)
        if known is None:
            if len(self._by_topic) >= _KEPT_TOPICS:
                self._by_topic.clear()
            known = self._by_topic[topic] = self._of_filters(self._trie.match(topic))
        return known

    def _named(self, topic: str, identifiers: tuple[int, ...]) -> tuple[str, ...]:
        filters = {self._filter_of[number] for number in identifiers}
        matching = self._trie.match(topic) if len(filters) > 1 else []
        ordered = [one for one in matching if one in filters] + [one for one in filters if one not in matching]
        names = self._of_filters(ordered)
        # Only of a single identifier is the answer the same for every topic.
        if len(filters) == 1 and len(self._by_identifiers) < _KEPT_TOPICS:
            self._by_identifiers[identifiers] = names
        return names

    def _of_filters(self, filters: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for one in filters for name in self._names[one])


def _differs(old: Subscription | None, new: Subscription) -> bool:
    if old is None:
        return True
    return (old.identifier, old.qos, old.no_local, old.retain_handling, old.retain_as_published) != (
        new.identifier,
        new.qos,
        new.no_local,
        new.retain_handling,
        new.retain_as_published,
    )
