"""The MQTT link. This package is the only place that imports paho; it never touches the database."""
