"""The evidence precompile, 0x...A771: what one transaction checks of an attribution.

    merkle.py     the tree that datasets, evidence and records are committed by
"""
