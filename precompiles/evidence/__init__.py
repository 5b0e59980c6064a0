"""The evidence precompile, 0x...A771: what one transaction checks of an attribution."""
