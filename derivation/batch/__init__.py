"""Batches: what the batcher says of L2 blocks, beside what the L1 already says.

singular.py           one block: parent, epoch, time, transactions
span.py               a run of blocks, in columns; expands into singular batches
span_transactions.py  the transaction columns of a span batch
columns.py            unsigned varints and bit lists, both ways
validity.py           which batches count: one rule an `if`, in the order of the spec
"""
