"""Decides which documents are due, from what should be said and what was said. Pure: time is handed in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bridges.discovery.documents import Document, Kind

SETTLING: Final = timedelta(seconds=5)
"""Between a config and the state that fills it: until then Home Assistant may not have subscribed."""
MOST_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Sent:
    """A document that was put into the outbox."""

    topic: str
    kind: Kind
    device: str
    digest: str
    occasion: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What to publish, what to empty at the broker, and what to forget without a word."""

    send: Sequence[Document] = ()
    clear: Sequence[Sent] = ()
    forget: Sequence[Sent] = ()


def plan(
    wanted: Iterable[Document],
    sent: Mapping[str, Sent],
    *,
    connection: str,
    now: datetime,
    others: Collection[str] = (),
) -> Plan:
    """What is due at one broker. `connection` names the connection that stands, `others` are topics of the user's."""
    documents = {document.topic: document for document in wanted}
    gone = [one for topic, one in sent.items() if topic not in documents]
    # While the connection stands on which the hub said that it is there, its end would bring the will back.
    clear = [one for one in gone if _is_clearable(one, connection) and one.topic not in others][:MOST_AT_ONCE]
    told = [document for document in documents.values() if document.kind is not Kind.STATE]
    due = [document for document in told if _is_news(document, sent)][:MOST_AT_ONCE]
    unsettled = {document.device for document in due} | {
        one.device for one in sent.values() if one.kind is Kind.CONFIG and now < one.sent_at + SETTLING
    }
    states = [
        document
        for document in documents.values()
        if document.kind is Kind.STATE and document.device not in unsettled and _is_news(document, sent)
    ]
    forget = [one for one in gone if one.kind is Kind.STATE or one.topic in others]
    return Plan([*due, *states[:MOST_AT_ONCE]], clear, forget)


def _is_news(document: Document, sent: Mapping[str, Sent]) -> bool:
    before = sent.get(document.topic)
    return before is None or (before.digest, before.occasion) != (document.digest, document.occasion)


def _is_clearable(one: Sent, connection: str) -> bool:
    return one.kind in (Kind.CONFIG, Kind.AVAILABILITY) or (one.kind is Kind.STATUS and one.occasion != connection)
