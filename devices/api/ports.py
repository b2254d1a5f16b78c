"""The ports of this machine over REST, and "which device is this?"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices import identification
from devices.api.views import Devices
from devices.detection import MAX_BYTES
from devices.identification import Candidate, PortTaken
from devices.models import Device
from devices.port_list import ports_with_users
from telemetry.api.configured import StrictSerializer
from telemetry.api.configured_views import ROW
from telemetry.api.problems import Problem, invalid
from telemetry.links import LinkLost, LinkRefused
from telemetry.names import sentence
from telemetry.options import OptionFault


class PortShape(serializers.Serializer[Any]):
    """One serial port of the machine that answers. `name` is the one to bind a device to: it stays with it."""

    name = serializers.CharField()
    device = serializers.CharField(help_text="such as /dev/ttyUSB0, which may be another one tomorrow")
    by_id = serializers.ListField(child=serializers.CharField())
    by_path = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField()
    vendor = serializers.CharField()
    product = serializers.CharField()
    serial_number = serializers.CharField()
    usb_id = serializers.CharField(help_text="vendor and product in hexadecimal: 0403:6001")
    used_by = serializers.CharField(allow_null=True, help_text="the device that has this port")


class PortsShape(serializers.Serializer[Any]):
    """The ports, and the site that this machine belongs to."""

    site = serializers.CharField()
    results = PortShape(many=True)


class Ports(APIView):
    """The serial ports that the web server's machine has."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses=PortsShape, operation_id="ports")
    def get(self, request: Request) -> Response:
        """Each port with all its names, what is known of its USB adapter, and the device that has it."""
        rows = [
            {
                "name": port.name,
                "device": port.device,
                "by_id": port.by_id,
                "by_path": port.by_path,
                "description": port.description,
                "vendor": port.vendor,
                "product": port.product,
                "serial_number": port.serial_number,
                "usb_id": port.usb_id,
                "used_by": user or None,
            }
            for port, user in ports_with_users()
        ]
        return Response({"site": settings.PATCHBAY_SITE, "results": rows})


class DetectSerializer(StrictSerializer):
    """Lines as text, bytes in hexadecimal, or a port to listen to."""

    text = serializers.CharField(required=False, trim_whitespace=False, max_length=MAX_BYTES)
    hex = serializers.RegexField(r"\A([0-9A-Fa-f]{2})+\Z", required=False, max_length=2 * MAX_BYTES)
    port = serializers.CharField(required=False, max_length=250)
    ask = serializers.BooleanField(
        required=False, help_text="a silent device is asked for a weight in several ways; never for a printer"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one source; raises ValidationError."""
        if len(attrs.keys() - {"ask"}) != 1:
            raise serializers.ValidationError("Give one of text, hex and port.")
        return attrs


class FramingShape(serializers.Serializer[Any]):
    """How the bytes are cut into lines."""

    line_end = serializers.CharField(help_text="lf, cr, etx, or '' for none")
    lines = serializers.IntegerField()


class ExampleShape(serializers.Serializer[Any]):
    """A line, as the driver reads it."""

    text = serializers.CharField()
    reads = serializers.CharField()


class ProposalShape(serializers.Serializer[Any]):
    """A driver that may fit, and why."""

    driver = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    confidence = serializers.FloatField(help_text="0 to 1")
    why = serializers.CharField()
    framing = FramingShape()
    serial = serializers.CharField(allow_null=True, help_text="9600 8N1; null from pasted lines, which do not tell")
    examples = ExampleShape(many=True)
    device = serializers.DictField(help_text="as `POST devices` takes it; add a name, and a port if there is none")


class ProposalsShape(serializers.Serializer[Any]):
    """The proposals, the likeliest first; none: the port said nothing."""

    proposals = ProposalShape(many=True)


class Detection(APIView):
    """Guesses what sent some bytes."""

    required_scopes = {"POST": "configure"}
    permission_model = Device

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Only the POST is ours: a device may be called `detect`."""
        if request.method in ("POST", "OPTIONS"):
            return super().dispatch(request, *args, **kwargs)
        return Devices.as_view(ROW)(request, name="detect")

    @extend_schema(request=DetectSerializer, responses=ProposalsShape, operation_id="devices_detect")
    def post(self, request: Request) -> Response:
        """Propose drivers for these bytes, or for what comes from a free port at the usual baud rates (up to 20 s)."""
        given = DetectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response({"proposals": [_shape(one) for one in _candidates(given.validated_data)]})


def _candidates(given: dict[str, Any]) -> Sequence[Candidate]:
    if "text" in given:
        return identification.from_bytes(given["text"].encode())
    if "hex" in given:
        return identification.from_bytes(bytes.fromhex(given["hex"]))
    try:
        return identification.from_port(given["port"], asks=given.get("ask", False))
    except OptionFault as fault:
        raise invalid([{"path": "/port", "message": sentence(fault.message), "code": "invalid"}]) from None
    except PortTaken as taken:
        raise Problem(409, "port_in_use", str(taken)) from None
    except (LinkLost, LinkRefused) as fault:
        raise Problem(409, "port_unavailable", sentence(fault)) from None


def _shape(candidate: Candidate) -> dict[str, Any]:
    proposal = candidate.proposal
    return {
        "driver": proposal.driver,
        "label": candidate.label,
        "confidence": candidate.confidence,
        "why": proposal.why,
        "framing": {"line_end": proposal.framing.line_end, "lines": proposal.framing.lines},
        "serial": candidate.serial or None,
        "examples": [{"text": one.text, "reads": one.reads} for one in proposal.examples],
        "device": candidate.as_device(),
    }
