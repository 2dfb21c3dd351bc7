"""Virtual private clouds: see `interface`."""
