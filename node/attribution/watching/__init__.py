"""The watcher: rechecks every record from the datasets it holds, and challenges lies.

accusing.py   what is wrong, and the challenge that proves it
datasets.py   what it makes of datasets
judging.py    what it makes of records and batches
actions.py    what it does about that
report.py     what it says
following.py  the events of a chain that may change its mind
evidence.py   what is known beside the chain
watcher.py    at work
"""
