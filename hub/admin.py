"""The project's own admin pages: the API keys."""

from hub.access.admin import ApiKeyAdmin

__all__ = ["ApiKeyAdmin"]
