"""Alerts: rules look at how the hub is every few seconds, and tell a person when it stays bad, and when it is good."""
