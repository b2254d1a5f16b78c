"""What the OpenAPI document says beyond the views themselves: how keys are given, and how faults are answered."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from bridges.codecs.packet import PACKET_SCHEMA

PROBLEM = {
    "type": "object",
    "description": "An RFC 9457 problem. `code` is stable: decide by it.",
    "required": ["type", "title", "status", "code", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message", "code"],
                "properties": {
                    "path": {"type": "string", "description": "a JSON pointer, or the name of a parameter"},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Api-Key …` in the document."""

    target_class = "hub.access.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The scheme: OpenAPI has no word for our own scheme, so the whole header is described."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The word `Api-Key`, a space, and the key.",
        }


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every operation that its faults are problems, and what a packet is."""
    schemas = result["components"].setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    schemas["Packet"] = inlined(PACKET_SCHEMA)
    answer = {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = answer
    return result


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema without `$defs`: within the document, their addresses would lead nowhere."""
    definitions = {f"#/$defs/{name}": part for name, part in schema.get("$defs", {}).items()}

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(item) for item in part]
        if not isinstance(part, dict):
            return part
        if part.get("$ref") in definitions:
            return definitions[part["$ref"]]
        return {key: resolve(value) for key, value in part.items()}

    return {key: resolve(value) for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}
