"""One file for each kind of serial device, and the registry that names them."""
