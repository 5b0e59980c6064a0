"""Whose words an answer is made of: commitments, spans, weights, and the proof of a lie."""
