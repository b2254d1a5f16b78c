"""What the database remembers: of a link when it starts (in the committer thread), of the spool when a worker does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import orjson

from bridges.pipeline.memory import Recent, mark_of
from bridges.pipeline.twins import Twins, twins_name, unpacked
from telemetry.models import CodecState, DeadLetter, Message, UnreleasedPacket
from telemetry.values import Json

_CHUNK = 500


def recall(link: str, *, window: int) -> tuple[dict[int, UUID], list[tuple[int, Recent]]]:
    """The packet ids that the broker has not released, and the last QoS 1 messages (oldest first).

    Their connection is 0: an earlier one than any of the new link's.
    """
    unreleased = dict(UnreleasedPacket.objects.filter(link=link).values_list("packet_id", "message_id"))
    rows = Message.objects.filter(source=link).order_by("-id").values_list("packet_id", "topic", "payload", "id", "qos")
    recent = [
        (packet_id, Recent(mark_of(topic, bytes(payload)), 0, message_id))
        for packet_id, topic, payload, message_id, qos in rows[:window]
        if qos == 1
    ]
    return unreleased, recent[::-1]


def recall_codecs(topics: Collection[str]) -> dict[str, Json]:
    """What the codecs of these Topics remembered at their last commit."""
    rows = CodecState.objects.filter(topic_name__in=topics)
    return {row.topic_name: orjson.loads(bytes(row.state)) for row in rows}


def recall_twins(link: str) -> Twins:
    """The last messages of other hubs."""
    row = CodecState.objects.filter(topic_name=twins_name(link)).first()
    return unpacked(bytes(row.state)) if row else unpacked(b"")


def settled_among(ids: Sequence[UUID]) -> set[UUID]:
    """Those of these arrivals that were committed: as a message, or buried as a dead letter under their own id."""
    settled: set[UUID] = set()
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        settled.update(Message.objects.filter(id__in=chunk).values_list("id", flat=True))
        settled.update(DeadLetter.objects.filter(id__in=chunk).values_list("id", flat=True))
    return settled
