"""What is wrong with a record, a batch or a dataset, and the challenge that proves it.

structure.py    how leaves must stand
faults.py       what can be wrong, and which challenge proves it
check.py        what is wrong with a record
batch_check.py  what is wrong with a batch or a dataset
challenges.py   what the ledger is shown
proving.py      from a fault to its challenge
"""
