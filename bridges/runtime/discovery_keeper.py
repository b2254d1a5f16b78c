"""The thread that keeps Home Assistant informed of the hub's devices: in one worker at a time, under a lease.

It puts retained documents into the outbox, each step in one transaction with the note that they were said. The numbers
themselves go out with the messages that bring them, see `bridges.pipeline.states`. It must never harm the data path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bridges.discovery import store
from bridges.discovery.documents import Document, Subject, device_documents, hub_documents
from bridges.discovery.names import OFFLINE
from bridges.discovery.plan import Plan, plan
from bridges.models import Broker
from bridges.pipeline.outputs import add_delivery
from bridges.pipeline.states import SOURCE, publication
from bridges.runtime.leased_thread import SoleWatch
from bridges.runtime.leases import Leases
from telemetry.ids import new_id
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorder, check_tokens
from telemetry.recording.transactions import brief_transaction

LEASE = "discovery"
LOOK_EVERY_S = 2.0


class DiscoveryKeeper(SoleWatch):
    """Looks every other second, if no other worker does and some broker asks for it. `adopt` is told of commits."""

    lease = LEASE

    def __init__(self, leases: Leases, adopt: Callable[[Batch], None], *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__("discovery-keeper", leases, every_s=every_s)
        self._adopt = adopt
        self._recorder = Recorder(f"{leases.holder}/discovery")
        self._habits = store.Habits()

    def has_lease(self) -> bool:
        """Nothing is claimed, and nothing written, as long as no broker asks for discovery."""
        if store.is_used():
            return super().has_lease()
        if self._leases.tokens:
            self._leases.release([LEASE])
        return False

    def look(self, now: datetime) -> None:
        """Say what is due at each broker that is connected."""
        brokers = store.brokers()
        up = store.connections(broker.link_key for broker in brokers)
        brokers = [broker for broker in brokers if broker.link_key in up]
        if not brokers:
            return
        births = store.births([broker.link_key for broker in brokers])
        is_on = any(broker.discovery_enabled for broker in brokers)
        subjects = store.subjects(self._habits, now) if is_on else []
        for broker in brokers:
            link = broker.link_key
            wanted = _wanted(broker, subjects, connection=up[link], birth=births[link])
            others = [broker.will_topic] if broker.will_topic else []
            due = plan(wanted, store.sent_at_broker(broker), connection=up[link], now=now, others=others)
            self._write(broker, due, now)

    def _write(self, broker: Broker, due: Plan, now: datetime) -> None:
        """All of it in one transaction. What is taken back goes first: an id may be used again elsewhere."""
        if not (due.send or due.clear or due.forget):
            return
        batch = Batch(at=now)
        if LEASE in self._leases.tokens:
            batch.tokens = {LEASE: self._leases.tokens[LEASE]}
        target = broker.link_key
        for gone in due.clear:
            add_delivery(batch, publication(target, gone.topic, b"", is_retained=True, source=SOURCE, new_id=new_id))
        for one in due.send:
            add_delivery(
                batch,
                publication(target, one.topic, one.payload, is_retained=one.is_retained, source=SOURCE, new_id=new_id),
            )
        with brief_transaction():
            check_tokens(batch.tokens)
            if batch.deliveries:
                self._recorder.record(batch)
            store.drop(broker, [*due.clear, *due.forget])
            store.keep(broker, due.send, now=now)
        if batch.deliveries:
            self._adopt(batch)


def _wanted(broker: Broker, subjects: Sequence[Subject], *, connection: str, birth: str) -> list[Document]:
    if not broker.discovery_enabled:
        return []
    names = broker.discovery_names()
    offline = broker.will_payload.encode() if broker.will_topic else OFFLINE
    # A broker may have lost what it kept, and a row may name another broker than before: each connection begins anew.
    occasion = f"{connection} {birth}"
    documents = hub_documents(names, connection=connection, occasion=occasion, offline=offline)
    for subject in subjects:
        documents += device_documents(names, subject, occasion=occasion, offline=offline)
    return documents
