"""Native functions of the chain: pure, bytes in and bytes out, priced by input."""
