"""Contracts that the node itself runs: curves, hashes and proofs at fixed addresses.

native.py   what an engine needs to know of one
"""
