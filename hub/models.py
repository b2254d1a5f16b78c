"""The project's own rows: the API keys, and what was done once."""

from hub.access.models import ApiKey
from hub.once import DoneOnce

__all__ = ["ApiKey", "DoneOnce"]
