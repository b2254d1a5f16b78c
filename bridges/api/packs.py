"""Device packs over REST: what there is, what each asks, and its installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bridges.config_file.faults import ConfigFileRefused
from bridges.packs.installing import Asker, Installation, SettingsRefused, TestsFailed, install, installations
from bridges.packs.library import KnownPack, known_packs, pack_named
from bridges.packs.pack import Pack
from bridges.packs.rights import missing_rights
from bridges.packs.settings import Setting
from bridges.packs.trying import trials
from telemetry.api.callers import owner_of
from telemetry.api.configured import StrictSerializer
from telemetry.api.fields import ObjectField
from telemetry.api.problems import Problem, invalid, pointer


class PackShape(serializers.Serializer[Any]):
    """One pack in the list."""

    name = serializers.CharField()
    title = serializers.CharField()
    category = serializers.CharField()
    products = serializers.ListField(child=serializers.CharField())
    summary = serializers.CharField()
    own = serializers.BooleanField(help_text="uploaded by somebody, not part of the hub")
    installed = serializers.IntegerField(help_text="how many times it is installed")


class PacksShape(serializers.Serializer[Any]):
    """The packs."""

    results = PackShape(many=True)


class SettingShape(serializers.Serializer[Any]):
    """One question."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField(
        help_text="name, text, number, integer, boolean, choice, port, broker, topic, filter, zone"
    )
    help = serializers.CharField()
    default = serializers.JSONField(allow_null=True)
    choices = serializers.ListField(child=serializers.JSONField())
    required = serializers.BooleanField()  # type: ignore[assignment]


class InstalledShape(serializers.Serializer[Any]):
    """One installation: what was answered, and what was made."""

    settings = serializers.DictField()
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    installed_at = serializers.DateTimeField()
    current = serializers.BooleanField(help_text="whether it was made by this version of the pack")


class SimulatorShape(serializers.Serializer[Any]):
    """Arguments of `python -m simulators`, and more for what can go wrong."""

    arguments = serializers.ListField(child=serializers.CharField())
    faults = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class PackDetailShape(PackShape):
    """One pack, whole."""

    doc = serializers.CharField()
    settings = SettingShape(many=True)
    tests = serializers.IntegerField(help_text="how many it has; they are run before it is installed")
    simulators = SimulatorShape(many=True)
    installations = InstalledShape(many=True)


class InstallSerializer(StrictSerializer):
    """The answers to the pack's settings."""

    settings = ObjectField(required=False)
    dry_run = serializers.BooleanField(required=False, default=False, help_text="only say what would change")
    force = serializers.BooleanField(
        required=False, default=False, help_text="overwrite what was edited on the web since it was installed"
    )


class ChangeShape(serializers.Serializer[Any]):
    """What happened to one object."""

    kind = serializers.ChoiceField(choices=["added", "changed"])
    noun = serializers.CharField()
    name = serializers.CharField()
    fields = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]


class InstallShape(serializers.Serializer[Any]):
    """What was done, or with `dry_run` would be."""

    changes = ChangeShape(many=True)
    unchanged = serializers.IntegerField()
    warnings = serializers.ListField(child=serializers.CharField())
    settings = serializers.DictField(help_text="as taken; a broker that was told by its address stands by its name")
    tests = serializers.IntegerField(help_text="how many tests of the pack were run; all passed")
    dry_run = serializers.BooleanField()


class Packs(APIView):
    """The device packs."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses=PacksShape, operation_id="packs_list")
    def get(self, request: Request) -> Response:
        """Every pack that this hub has, in the order of their titles."""
        return Response({"results": [_shape(known) for known in known_packs()]})


class PackDetail(APIView):
    """One device pack."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses=PackDetailShape, operation_id="packs_retrieve")
    def get(self, request: Request, name: str) -> Response:
        """What it asks, and what plays its product."""
        known = _found(name)
        pack = known.pack
        return Response(
            {
                **_shape(known),
                "doc": pack.doc,
                "settings": [_setting(setting) for setting in pack.settings],
                "tests": len(pack.tests),
                "simulators": [
                    {"arguments": one.arguments, "faults": one.faults}
                    for one in trials(pack, {setting.name: setting.tried for setting in pack.settings})
                ],
                "installations": [
                    {
                        "settings": found.settings,
                        "rows": found.rows,
                        "installed_at": found.installed_at,
                        "current": found.digest == pack.digest,
                    }
                    for found in installations(pack.name)
                ],
            }
        )


class PackInstall(APIView):
    """Installs a device pack."""

    required_scopes = {"POST": "configure"}

    @extend_schema(
        request=InstallSerializer,
        responses=InstallShape,
        operation_id="packs_install",
        description="Run the pack's tests, check the answers, and make all of it or nothing. Doing it twice does "
        "nothing. 400 names the setting at fault; 409 `pack_tests_failed` the tests, 409 `pack_refused` what is in "
        "the way.",
    )
    def post(self, request: Request, name: str) -> Response:
        """Install it with these answers."""
        pack = _found(name).pack
        asked = InstallSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if not request.auth and (missing := missing_rights(pack, request.user)):
            raise PermissionDenied(f"To install this pack you also need {', '.join(missing)}.")
        return Response(_installed(pack, given, Asker(owner_of(request), request)))


def _installed(pack: Pack, given: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    try:
        done = install(pack, given.get("settings", {}), asker=asker, force=given["force"], dry_run=given["dry_run"])
    except SettingsRefused as refused:
        faults = refused.faults.items()
        raise invalid(
            [{"path": pointer("settings", name), "message": text, "code": "invalid"} for name, text in faults]
        ) from None
    except TestsFailed as failed:
        raise Problem(
            409,
            "pack_tests_failed",
            f"This pack is not installed: {failed}.",
            errors=[
                {"path": f"line {result.line}", "message": f"{result.name}: {problem}", "code": "test_failed"}
                for result in failed.results
                for problem in result.problems
            ],
        ) from None
    except ConfigFileRefused as refused:
        errors = refused.faults
        raise Problem(
            409,
            "pack_refused",
            f"This pack is not installed: {errors[0].message}",
            errors=[{"path": pointer(*one.path), "message": one.message, "code": "refused"} for one in errors],
        ) from None
    return _done(done, is_dry_run=given["dry_run"])


def _done(done: Installation, *, is_dry_run: bool) -> dict[str, Any]:
    return {
        "changes": [
            {"kind": change.kind.value, "noun": change.noun, "name": change.name, "fields": list(change.fields)}
            for change in done.report.changes
        ],
        "unchanged": done.report.unchanged,
        "warnings": [warning.message for warning in done.report.warnings],
        "settings": dict(done.settings),
        "tests": len(done.tests),
        "dry_run": is_dry_run,
    }


def _found(name: str) -> KnownPack:
    try:
        known = pack_named(name)
    except ConfigFileRefused as refused:
        raise Problem(409, "pack_refused", f"This hub does not understand the pack: {refused}") from None
    if known is None:
        raise Http404
    return known


def _shape(known: KnownPack) -> dict[str, Any]:
    pack = known.pack
    return {
        "name": pack.name,
        "title": pack.title,
        "category": pack.category,
        "products": list(pack.products),
        "summary": pack.summary,
        "own": known.is_own,
        "installed": len(installations(pack.name)),
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name,
        "label": setting.label,
        "kind": setting.kind,
        "help": setting.help,
        "default": setting.default,
        "choices": list(setting.choices),
        "required": setting.is_required,
    }
