"""Trying things out before relying on them: a connection to a broker, a rule on a sample. Nothing is stored or sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bridges.api.rules import TransformField
from bridges.codecs.base import Incoming
from bridges.models import Broker, Rule, RuleSource
from bridges.models.sample_reading import device_of, link_of, reader_of, variables_of
from bridges.mqtt.handshake import try_connection
from bridges.pipeline.batching import batched, summary
from bridges.pipeline.snapshot import BATCH_PREFIX
from bridges.rules.address import AddressFault, AddressTemplate
from bridges.rules.expression import Variables
from bridges.rules.faults import EvaluationFault, ExpressionFault
from bridges.rules.rule import CompiledRule, RuleResult
from bridges.sessions import mqtt_settings
from telemetry.api.configured import StrictSerializer
from telemetry.links import LinkLost, LinkRefused
from telemetry.redaction import redact
from telemetry.values import Decoded, DecodeFault, Json

TRIAL_TIMEOUT_S = 5.0
MAX_SAMPLE_CHARACTERS = 100_000


class ConnectionShape(serializers.Serializer[Any]):
    """How the trial went, in a sentence."""

    ok = serializers.BooleanField()
    detail = serializers.CharField()


class ConnectionTrial(APIView):
    """Tries the connection to a broker."""

    required_scopes = {"POST": "configure"}

    @extend_schema(request=None, responses=ConnectionShape, operation_id="brokers_test")
    def post(self, request: Request, name: str) -> Response:
        """Connect once, as configured but under another client id, and leave nothing behind."""
        broker = None if "\x00" in name else Broker.objects.filter(name=name).first()
        if broker is None:
            raise Http404
        try:
            try_connection(mqtt_settings(broker), TRIAL_TIMEOUT_S)
        except (LinkLost, LinkRefused) as fault:
            return Response({"ok": False, "detail": redact(str(fault))})
        return Response({"ok": True, "detail": f"{broker.host}:{broker.port} accepts the connection."})


class TrySerializer(StrictSerializer):
    """A sample, and perhaps expressions that are not saved yet.

    `payload` is text, or any other JSON value. It is decoded as the rule's source would: that of `topic` or `device`
    if one of these names it, else the first one.
    """

    payload = serializers.JSONField()
    topic = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000)
    device = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)
    condition = serializers.CharField(required=False, allow_blank=True)
    transform = TransformField(required=False, allow_null=True)


class AddressShape(serializers.Serializer[Any]):
    """Where an action would publish."""

    publish = serializers.CharField()
    address = serializers.CharField()
    fault = serializers.CharField()


class TryShape(serializers.Serializer[Any]):
    """What the rule makes of the sample. `output` null with `matched`: the payload goes on unchanged."""

    matched = serializers.BooleanField()
    is_missing = serializers.BooleanField(help_text="the condition named something that the sample does not have")
    output = serializers.JSONField(allow_null=True)
    fault = serializers.CharField(help_text="why it failed; '' if it did not")
    field = serializers.CharField(help_text="where: payload, condition, transform.KEY; '' if it did not fail")
    value = serializers.JSONField(allow_null=True, help_text="what expressions see as `payload`")
    readings = serializers.DictField(child=serializers.FloatField())
    device = serializers.CharField()
    addresses = AddressShape(many=True)


class RuleTrial(APIView):
    """Tries a rule on a sample."""

    required_scopes = {"POST": "configure"}

    @extend_schema(request=TrySerializer, responses=TryShape, operation_id="rules_try")
    def post(self, request: Request, name: str) -> Response:
        """Evaluate condition and transform; store and send nothing."""
        rule = None if "\x00" in name else _rules().filter(name=name).first()
        if rule is None:
            raise Http404
        sample = TrySerializer(data=request.data)
        sample.is_valid(raise_exception=True)
        return Response(try_rule(rule, sample.validated_data))


def _rules() -> Any:
    return Rule.objects.prefetch_related("sources__topic__device", "sources__device", "actions__topic")


def try_rule(rule: Rule, sample: Mapping[str, Any]) -> dict[str, Any]:
    """What the rule makes of the sample, as the API answers it."""
    source, now = _source_of(rule, sample), datetime.now(UTC)
    try:
        decoded = _decode(source, Incoming(_bytes_of(sample["payload"]), now, sample["topic"]))
    except ValueError as fault:
        return _answer(fault=str(fault), field="payload")
    device = sample["device"] or device_of(source)
    seen = variables_of(decoded, device=device, topic=sample["topic"], source=link_of(source), at=now)
    if rule.every_s is not None:
        seen = batched([seen], f"{BATCH_PREFIX}{rule.name}")
    try:
        result = _compiled(rule, sample).apply(seen)
    except EvaluationFault as fault:
        return _answer(seen, fault=fault.message, field=fault.field)
    except ExpressionFault as fault:
        return _answer(seen, fault=str(fault), field="condition")
    if rule.every_s is not None and result.matched and result.output is None:
        result = RuleResult(matched=True, output=summary(seen.batch))
    return _answer(seen, result=result, addresses=_addresses(rule, seen) if result.matched else [])


def _answer(
    seen: Variables | None = None,
    *,
    result: RuleResult | None = None,
    fault: str = "",
    field: str = "",
    addresses: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    return {
        "matched": bool(result and result.matched),
        "is_missing": bool(result and result.is_missing),
        "output": result.output if result else None,
        "fault": fault,
        "field": field,
        "value": seen.payload if seen else None,
        "readings": seen.readings if seen else {},
        "device": seen.device if seen else "",
        "addresses": addresses or [],
    }


def _compiled(rule: Rule, sample: Mapping[str, Any]) -> CompiledRule:
    transform = sample.get("transform", rule.transform)
    return CompiledRule(
        rule.name,
        rule.version,
        sample.get("condition", rule.condition),
        orjson.loads(transform) if transform else None,
    )


def _source_of(rule: Rule, sample: Mapping[str, Any]) -> RuleSource | None:
    sources = list(rule.sources.all())
    named = [
        source
        for source in sources
        if (source.topic and sample["topic"] in (source.topic.name, source.topic.filter))
        or (source.device and sample["device"] == source.device.name)
    ]
    return next(iter([*named, *sources]), None)


def _bytes_of(payload: Json) -> bytes:
    return payload.encode() if isinstance(payload, str) else orjson.dumps(payload)


def _decode(source: RuleSource | None, incoming: Incoming) -> Decoded:
    results = reader_of(source).read(incoming)
    if not results:
        raise DecodeFault("The codec makes nothing of this payload alone: it waits for more.")
    return results[0]


def _addresses(rule: Rule, seen: Variables) -> list[dict[str, str]]:
    shown = []
    for topic in [action.topic for action in rule.actions.all() if action.topic]:
        address, fault = "", ""
        try:
            address = AddressTemplate(topic.filter).render(seen, allow_slash=topic.allow_slash)
        except AddressFault as error:
            fault = str(error)
        shown.append({"publish": topic.name, "address": address, "fault": fault})
    return shown
