"""The REST API of what happened: messages, readings, deliveries, status."""
