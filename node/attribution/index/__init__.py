"""All that the attribution contracts told, in one value, and what it says of a model.

events.py    logs as events: which contract told what
rows.py      what is known of each thing, as one frozen row
index.py     the whole: a fold over events; by contract in registry.py, bonds.py,
ledger.py and vault.py
usage.py     what there is about one model
funding.py   who paid whom
metrics.py   how a model is used, and what of it looks like noise
"""
