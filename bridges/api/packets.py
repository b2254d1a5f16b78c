"""Takes packets in: `POST packets`. A packet is answered for only after it is committed.

Requests with a key get their answer from `hub/api/packet_gate.py`, by the functions here; `GET packets` is in
`telemetry/api/messages.py`.
"""

from __future__ import annotations

from typing import Any

import orjson
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bridges import intake
from bridges.codecs.packet import PACKET_SCHEMA, packet_faults
from telemetry.api.callers import owner_of
from telemetry.api.messages import PacketHistory
from telemetry.api.problems import Fault, Problem, busy, invalid, malformed
from telemetry.api.wire import parse_json, read_body

MAX_PACKETS = 1000
MAX_FAULTS = 100
MAX_KEY_CHARACTERS = 200
RETRY_AFTER_S = 2


class IdShape(serializers.Serializer[Any]):
    """The id of the stored packet."""

    id = serializers.UUIDField()


class IdsShape(serializers.Serializer[Any]):
    """The ids of the stored packets, in the order of the list."""

    ids = serializers.ListField(child=serializers.UUIDField())


PACKET = {"$ref": "#/components/schemas/Packet"}  # put into the document by the project
PACKET_OR_LIST = {"oneOf": [PACKET, {"type": "array", "items": PACKET, "minItems": 1, "maxItems": MAX_PACKETS}]}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="Any text of at most 200 characters. The same key with the same body answers the same ids and "
    "stores nothing again; with another body it is refused.",
)


class Packets(PacketHistory):
    """The packets that came in over REST."""

    required_scopes = {"GET": "read", "POST": "submit"}

    @extend_schema(
        operation_id="packets_submit",
        parameters=[IDEMPOTENCY_KEY],
        request={"application/json": PACKET_OR_LIST},
        responses={
            201: PolymorphicProxySerializer(
                component_name="Submitted", serializers=[IdShape, IdsShape], resource_type_field_name=None
            )
        },
    )
    def post(self, request: Request) -> Response:
        """Store one packet or a list of at most 1,000, all or none, and run the rules on them."""
        plain: Any = request._request  # the exact bytes are kept, so no parser may come first
        check_content_type(plain.META.get("CONTENT_TYPE", ""))
        length = plain.META.get("CONTENT_LENGTH") or ""
        body = read_body(plain, int(length) if length.isdecimal() else None)
        key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        return Response(take_in(body, owner=owner_of(request), idempotency_key=key), status=201)


class PacketSchema(APIView):
    """The JSON Schema of a packet."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses={200: {"type": "object", "additionalProperties": True}}, operation_id="packet_schema")
    def get(self, request: Request) -> Response:
        """What a packet must look like."""
        return Response(PACKET_SCHEMA)


def take_in(body: bytes, *, owner: str, idempotency_key: str = "") -> dict[str, Any]:
    """Check and store what a client sent, and answer when it is committed: `{id}` or `{ids}`. Raises Problem."""
    key = _checked_key(idempotency_key)
    document = parse_json(body)
    if not isinstance(document, list):
        _refuse_faults(_faults([document]))
        return {"id": _submit([body], owner, key)[0]}
    if not 1 <= len(document) <= MAX_PACKETS:
        raise malformed(f"A list holds 1 to {MAX_PACKETS:,} packets.")
    _refuse_faults(_faults(document, is_list=True))
    return {"ids": _submit([orjson.dumps(packet) for packet in document], owner, key)}


def check_content_type(given: str) -> None:
    """Packets are JSON; raises Problem."""
    if given.partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "unsupported_media_type", "Send the packet with Content-Type: application/json.")


def _refuse_faults(faults: list[Fault]) -> None:
    if faults:
        raise invalid(faults)


def _faults(packets: list[Any], *, is_list: bool = False) -> list[Fault]:
    found: list[Fault] = []
    for place, packet in enumerate(packets):
        prefix = f"/{place}" if is_list else ""
        found += [
            {"path": prefix + fault.path, "message": fault.message, "code": "invalid"}
            for fault in packet_faults(packet)
        ]
        if len(found) >= MAX_FAULTS:
            break
    return found


def _checked_key(given: str) -> str:
    key = given.strip()
    if len(key) > MAX_KEY_CHARACTERS or not key.isprintable():
        raise malformed(f"Idempotency-Key is a text of at most {MAX_KEY_CHARACTERS} characters.")
    return key


def _submit(packets: list[bytes], owner: str, key: str) -> list[Any]:
    try:
        return list(intake.submit_packets(packets, owner=owner, idempotency_key=key))
    except intake.IntakeBusy as fault:
        raise busy(f"{fault}.", RETRY_AFTER_S) from None
    except intake.IdempotencyConflict:
        raise Problem(422, "idempotency_conflict", "This Idempotency-Key was used with another body.") from None
    except intake.IntakeRefused as fault:
        raise invalid([{"path": "", "message": str(fault), "code": "not_storable"}]) from None
