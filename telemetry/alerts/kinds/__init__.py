"""The kinds of alert rules: one file each. Pure: they are handed the facts."""
