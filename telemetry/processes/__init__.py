"""What each process of the hub tells about itself, and how all of them are asked to read the environment again."""
