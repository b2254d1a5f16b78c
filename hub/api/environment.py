"""`rereadenv`: every process reads its environment again, and answers for itself."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hub.config import load
from hub.config_sources import ConfigFault
from hub.reload import reread
from telemetry.api.problems import Problem
from telemetry.models import ProcessStatus
from telemetry.processes.environment import ask_all

WAIT_S = 4.0


class ProcessAnswer(serializers.Serializer[Any]):
    """What one process did. Variables are named, never shown."""

    role = serializers.ChoiceField(choices=ProcessStatus.Role.choices)
    host = serializers.CharField()
    pid = serializers.IntegerField()
    site = serializers.CharField()
    answered = serializers.BooleanField(help_text="false: it did not answer in time; it may do so yet")
    applied = serializers.ListField(child=serializers.CharField())
    needs_restart = serializers.ListField(child=serializers.CharField())
    fault = serializers.CharField(allow_blank=True, help_text="its own environment is wrong; it changed nothing")


class RereadAnswer(serializers.Serializer[Any]):
    """What all of them did."""

    applied = serializers.ListField(child=serializers.CharField())
    needs_restart = serializers.ListField(child=serializers.CharField())
    complete = serializers.BooleanField(help_text="whether every process answered")
    processes = ProcessAnswer(many=True)


class RereadEnvironment(APIView):
    """Reads the environment and `.env` again in every process. GET does the same, for those who can only get."""

    required_scopes = {"GET": "admin", "POST": "admin"}

    @extend_schema(operation_id="rereadenv_get", responses=RereadAnswer)
    def get(self, request: Request) -> Response:
        """As POST."""
        return self.post(request)

    @extend_schema(operation_id="rereadenv", request=None, responses=RereadAnswer)
    def post(self, request: Request) -> Response:
        """Apply what can change while the hub runs, and say what needs a restart."""
        try:
            load()
        except ConfigFault as fault:
            raise Problem(409, "environment_invalid", f"{fault} Nothing was changed.") from None
        number, rows = ask_all(wait_s=WAIT_S)
        if not rows:  # this process does not report itself, as in a test
            done = reread()
            return Response(_summed([], done.applied, done.needs_restart))
        answers = [_answer(row, number) for row in rows]
        return Response(
            _summed(
                answers,
                {name for answer in answers for name in answer["applied"]},
                {name for answer in answers for name in answer["needs_restart"]},
            )
        )


def _answer(row: ProcessStatus, number: int) -> dict[str, Any]:
    has_answered = row.environment >= number
    return {
        "role": row.role,
        "host": row.host,
        "pid": row.pid,
        "site": row.site,
        "answered": has_answered,
        "applied": row.applied if has_answered else [],
        "needs_restart": row.needs_restart if has_answered else [],
        "fault": row.fault if has_answered else "",
    }


def _summed(answers: list[dict[str, Any]], applied: Any, needs_restart: Any) -> dict[str, Any]:
    return {
        "applied": sorted(applied),
        "needs_restart": sorted(needs_restart),
        "complete": all(answer["answered"] for answer in answers),
        "processes": answers,
    }
