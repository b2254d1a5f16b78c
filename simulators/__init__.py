"""Stand-ins for what the hub talks to: devices, brokers and servers, for tests, demos and measurements."""
