"""Transit: messages go on to their targets without being stored, and are acknowledged once the targets have them."""
