"""Recording: one batch of decisions becomes one transaction."""
