"""What the database remembers of a link, read when the link starts. Runs in the committer thread."""

from __future__ import annotations

from uuid import UUID

from bridges.pipeline.memory import Recent
from telemetry.models import Message, UnreleasedPacket


def recall(link: str, *, window: int) -> tuple[dict[int, UUID], list[Recent]]:
    """The packet ids that the broker has not released, and the last QoS 1 messages (oldest first).

    Their connection is 0: an earlier one than any of the new link's.
    """
    unreleased = dict(UnreleasedPacket.objects.filter(link=link).values_list("packet_id", "message_id"))
    rows = Message.objects.filter(source=link).order_by("-id").values_list("packet_id", "topic", "payload", "id", "qos")
    recent = [
        Recent(packet_id, topic, bytes(payload), 0, message_id)
        for packet_id, topic, payload, message_id, qos in rows[:window]
        if qos == 1
    ]
    return unreleased, recent[::-1]
