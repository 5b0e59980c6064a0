"""The state precompile, 0x...A772: many credits written by one call."""
