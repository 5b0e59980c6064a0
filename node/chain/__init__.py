"""A chain: blocks built by rules on an engine, the pool they come from, calls on them."""
