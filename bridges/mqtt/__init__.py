"""The MQTT link. Of the apps this package alone imports paho (simulated devices have a client of
their own); it never touches the database."""
