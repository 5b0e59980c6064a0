"""Whose words an answer is made of: commitments, spans, weights, and the proof of a lie.

tokens.py        text to tokens
suffix_array.py  the order of all positions
dataset.py       texts, owners, roots, openings
encoding.py      the leaves that an inference commits to
fixed_point.py   logarithms in whole numbers
"""
