"""The project's own rows: the API keys."""

from hub.access.models import ApiKey

__all__ = ["ApiKey"]
