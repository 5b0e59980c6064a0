"""The attribution contracts for programs: people who give data, pay, operate and claim.

values.py       what the contracts are told and say
calls.py        calls and their refusals by name
client.py       everything in one class; sync.py without asyncio
registering.py  datasets, policies, models
batches.py      batches, records, settlements
http.py         the payer's side of a paid answer
settling.py     a batch's list, at once or in chunks
claims.py       what is behind a root for whom
explain.py      one record in lines of text
deploying.py    the contracts on a chain whose genesis has none
"""
