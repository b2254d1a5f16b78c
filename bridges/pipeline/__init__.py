"""The pipeline: what arrived becomes decisions, decisions become one transaction, then the source is acknowledged."""
