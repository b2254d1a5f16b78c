"""The kinds of actions beyond publish and write. Each is one file: its declared options, and how it is carried out."""
