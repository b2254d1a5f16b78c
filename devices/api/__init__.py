"""The REST API of devices."""
