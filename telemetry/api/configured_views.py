"""Reading and editing configured rows by their name: one base for devices, brokers, topics and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import models
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from telemetry.api.pages import answer, envelope
from telemetry.api.queries import MAX_LIMIT, PageQuery, bad_parameter, decode_cursor, encode_cursor, read_query
from telemetry.models import one_change


class NameQuery(PageQuery):
    """The parameters of a list of configured rows."""

    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=MAX_LIMIT, help_text="rows per page")


class ConfiguredViewSet(ModelViewSet[Any]):
    """List, read, create, replace, change and delete; rows are in the order of their names."""

    lookup_field = "name"
    pagination_class = None
    filter_backends = []
    required_scopes: ClassVar[dict[str, str]] = {
        "GET": "read",
        "POST": "configure",
        "PUT": "configure",
        "PATCH": "configure",
        "DELETE": "configure",
    }

    @property
    def permission_model(self) -> type[models.Model]:
        """The model whose permissions hold for signed-in users."""
        model: type[models.Model] = self.get_queryset().model
        return model

    def get_object(self) -> Any:
        """The row of that name."""
        name = str(self.kwargs["name"])
        row = None if "\x00" in name else self.get_queryset().filter(name=name).first()
        if row is None:
            raise Http404
        self.check_object_permissions(self.request, row)
        return row

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of rows."""
        query = read_query(request, NameQuery)
        rows = self.get_queryset()
        count = rows.count()
        if "cursor" in query:
            rows = rows.filter(name__gt=_read_name(query["cursor"]))
        found = list(rows.order_by("name")[: query["limit"] + 1])
        page = found[: query["limit"]]
        cursor = encode_cursor(page[-1].name.encode()) if len(found) > len(page) else None
        return answer(request, self.get_serializer(page, many=True).data, count=(count, True), cursor=cursor)

    def perform_destroy(self, instance: Any) -> None:
        """Delete the row and raise the version of the configuration together."""
        with one_change():
            instance.delete()


def documented(noun: str) -> Callable[[type[ConfiguredViewSet]], type[ConfiguredViewSet]]:
    """Say in the documentation what the list of these rows looks like."""

    def decorate(view: type[ConfiguredViewSet]) -> type[ConfiguredViewSet]:
        rows: Any = view.serializer_class
        page = envelope(f"{noun}Page", rows)
        decorated: type[ConfiguredViewSet] = extend_schema_view(
            list=extend_schema(parameters=[NameQuery], responses=page)
        )(view)
        return decorated

    return decorate


def _read_name(cursor: str) -> str:
    try:
        name = decode_cursor(cursor).decode()
    except UnicodeDecodeError:
        name = "\x00"
    if "\x00" in name:
        raise bad_parameter("cursor", "This is not a cursor of this list.")
    return name


ROWS: dict[str, Any] = {"get": "list", "post": "create"}
ROW: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
"""What the methods do on the address of the rows, and on that of one row."""
