"""Measurements that `byline bench` prints; each is one function that returns rows.

table.py      what a row is
chain.py      transfers and computation, without RPC
serving.py    a node in a process of its own, and anvil beside it where installed
splitting.py  apportion: reference, kernel, contract twin
"""
