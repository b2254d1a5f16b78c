"""Couriers: what carries the Deliveries of one target, in order."""
