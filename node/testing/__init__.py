"""What tests of contracts and clients get: a plugin for pytest, found by itself.

plugin.py    options and markers; nothing else is imported until a test asks for a devnet
fixtures.py  the fixtures that plugin.py offers
"""
