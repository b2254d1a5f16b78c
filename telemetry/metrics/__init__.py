"""The metrics of the hub as Prometheus reads them: made of what all processes write into the database anyway."""
