"""The watcher: rechecks every record from the datasets it holds, and challenges lies.

judging.py    what it makes of datasets, records and batches
actions.py    what it does about that
report.py     what it says
following.py  the events of a chain that may change its mind
evidence.py   what is known beside the chain
watcher.py    at work
"""
