"""Measurements that `byline bench` prints; each is one function that returns rows.

table.py      what a row is
chain.py      transfers and computation, without RPC
deriving.py   derivation with and without execution, and what batches weigh
serving.py    a node in a process of its own, and anvil beside it where installed
splitting.py  apportion: reference, kernel, contract twin
"""
