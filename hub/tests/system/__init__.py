"""The hub as a whole, on real servers and wires: it is started as its processes, hurt, and asked what it kept."""
