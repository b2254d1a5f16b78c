"""What the hub says of its devices to Home Assistant, on which topics and when. Pure but for `store`."""
