"""The encrypted text column, under the name by which the bridges know it."""

from telemetry.secret_field import SecretTextField

__all__ = ["SecretTextField"]
