"""Device packs: one readable file per product - what to ask, what to configure, tests from real samples, a simulator.

A pack is data. Nothing in it is ever executed: its rules are the hub's own expressions, its tickets the sandbox's.
"""
