"""Commands to serial devices: text, bytes or a name that the driver knows, and the device's answer for who waits."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from time import monotonic, sleep
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bridges import requested_deliveries
from devices.drivers.base import Driver
from devices.drivers.registry import driver_named
from devices.models import Device
from telemetry.api.callers import owner_of
from telemetry.api.configured import StrictSerializer
from telemetry.api.messages import message_shape
from telemetry.api.problems import Problem, invalid
from telemetry.api.queries import read_query
from telemetry.api.shapes import MessageShape
from telemetry.models import Delivery, Message
from telemetry.options import OptionFault

MAX_COMMAND_CHARACTERS = 100_000
MAX_WAIT_S = 30.0
_LOOK_EVERY_S = 0.05
_ANSWER_LAG_S = 1.0  # a worker may commit that a write is done a moment before the answer to it
_OPEN = (Delivery.State.WAITING, Delivery.State.SENDING)


class CommandSerializer(StrictSerializer):
    """What to write: text (sent as UTF-8), bytes in hexadecimal, or the name of a command that the driver declares."""

    payload = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=MAX_COMMAND_CHARACTERS
    )
    hex = serializers.RegexField(r"\A([0-9A-Fa-f]{2})*\Z", required=False, max_length=MAX_COMMAND_CHARACTERS)
    command = serializers.CharField(required=False, max_length=64, help_text="`tare`, for example")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of the three; raises ValidationError."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Give one of payload, hex and command.")
        return attrs


class WaitQuery(serializers.Serializer[Any]):
    """How long to wait for the device's answer."""

    wait = serializers.FloatField(
        required=False, min_value=0, max_value=MAX_WAIT_S, help_text="seconds, at most 30: wait for the device's answer"
    )

    def validate_wait(self, value: float) -> float:
        """`nan` is within every bound; raises ValidationError."""
        if not isfinite(value):
            raise serializers.ValidationError("This is not a number of seconds.")
        return value


class CommandedShape(serializers.Serializer[Any]):
    """The Delivery that carries the command out. With `wait`, also what became of it, and what the device answered."""

    delivery = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Delivery.State.choices, required=False)
    reason = serializers.CharField(required=False, help_text="`no answer within 2 s`, for example")
    answers = MessageShape(many=True, required=False)


class Commands(APIView):
    """Writes to a serial device."""

    required_scopes = {"POST": "command"}

    @extend_schema(
        request=CommandSerializer,
        parameters=[WaitQuery],
        responses={200: CommandedShape, 202: CommandedShape},
        operation_id="devices_command",
    )
    def post(self, request: Request, name: str) -> Response:
        """Put one write into the outbox. 202: it is kept and will be written, in order. 200: it was, in time."""
        device = None if "\x00" in name else Device.objects.filter(name=name).first()
        if device is None:
            raise Http404
        if not device.is_enabled:
            raise Problem(409, "device_disabled", "This device is disabled.")
        command = CommandSerializer(data=request.data)
        command.is_valid(raise_exception=True)
        wait_s: float = read_query(request, WaitQuery).get("wait", 0.0)
        driver = _driver(device)
        payload = _payload(command.validated_data, driver)
        try:
            delivery = requested_deliveries.submit_write(name, payload, owner=owner_of(request), wait_s=wait_s)
        except requested_deliveries.DeviceNotWritable as fault:
            raise Problem(409, "not_writable", f"{fault}.") from None
        if not wait_s:
            return Response({"delivery": delivery}, status=202)
        return _settled(delivery, wait_s, is_answered=bool(driver and driver.answer(payload).lines))


def _driver(device: Device) -> Driver | None:
    """The device's driver; None for a device behind a topic, or with options that its driver no longer takes."""
    try:
        return driver_named(device.driver)(device.options)
    except OptionFault:
        return None


def _payload(given: dict[str, Any], driver: Driver | None) -> bytes:
    if "hex" in given:
        return bytes.fromhex(given["hex"])
    if "payload" in given:
        return str(given["payload"]).encode()
    known = driver.command(given["command"]) if driver else None
    if known is None:
        names = ", ".join(command.name for command in driver.commands) if driver else ""
        raise invalid(
            [{"path": "/command", "message": f"This device knows {names or 'no commands by name'}.", "code": "unknown"}]
        )
    return known.data


def _settled(delivery: UUID, wait_s: float, *, is_answered: bool) -> Response:
    """Look until the write is settled and its answer is in, or the time is over."""
    until, settled_at = monotonic() + wait_s, None
    while True:
        row = Delivery.objects.only("state", "reason").get(id=delivery)
        is_open = row.state in _OPEN
        answers = list(Message.objects.filter(answers=delivery).order_by("id"))
        now = monotonic()
        settled_at = settled_at or (None if is_open else now)
        lags = is_answered and not answers and not row.reason and row.state == Delivery.State.DELIVERED
        if now >= until or (settled_at and not (lags and now < settled_at + _ANSWER_LAG_S)):
            return Response(_commanded(row, answers), status=202 if is_open else 200)
        sleep(min(_LOOK_EVERY_S, max(until - now, 0.0)))


def _commanded(row: Delivery, answers: Sequence[Message]) -> dict[str, Any]:
    shapes = [message_shape(message, is_whole=True) for message in answers]
    return {"delivery": row.id, "state": row.state, "reason": row.reason, "answers": shapes}
