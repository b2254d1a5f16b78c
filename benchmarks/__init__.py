"""Runnable measurements of the whole hub: real servers on the loopback, real processes, and what was lost counted."""
