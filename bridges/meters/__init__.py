"""Power meters that are told things: what a person wants of each, what it reports, and the commands in between."""
