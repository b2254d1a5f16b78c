"""Takes packets in. A packet is answered for only after it is committed."""

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
        body, document = _read(request)
        is_list = isinstance(document, list)
        faults = _faults(document if is_list else [document], is_list=is_list)
        if faults:
            raise invalid(faults)
        packets = [orjson.dumps(packet) for packet in document] if is_list else [body]
        ids = _submit(packets, owner_of(request), _idempotency_key(request))
        return Response({"ids": ids} if is_list else {"id": ids[0]}, status=201)


class PacketSchema(APIView):
    """The JSON Schema of a packet."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses={200: {"type": "object", "additionalProperties": True}}, operation_id="packet_schema")
    def get(self, request: Request) -> Response:
        """What a packet must look like."""
        return Response(PACKET_SCHEMA)


def _read(request: Request) -> tuple[bytes, Any]:
    """The body and the document in it; read here, because the exact bytes are kept. Raises Problem."""
    plain = request._request
    kind = plain.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "unsupported_media_type", "Send the packet with Content-Type: application/json.")
    length = plain.META.get("CONTENT_LENGTH") or ""
    body = read_body(plain, int(length) if length.isdecimal() else None)
    document = parse_json(body)
    if isinstance(document, list) and not 1 <= len(document) <= MAX_PACKETS:
        raise malformed(f"A list holds 1 to {MAX_PACKETS:,} packets.")
    return body, document


def _faults(packets: list[Any], *, is_list: bool) -> list[Fault]:
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


def _idempotency_key(request: Request) -> str:
    key = str(request.META.get("HTTP_IDEMPOTENCY_KEY", "")).strip()
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
