"""The REST API of brokers, topics, rules and packets."""
