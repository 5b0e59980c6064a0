"""The Engine API: how a rollup node such as op-node drives this chain as its engine.

jwt.py          the shared secret and the tokens made with it
errors.py       the error codes of the Engine API
values.py       fork choice, payloads and verdicts as values
reading.py      from JSON to these values
views.py        from these values to JSON
payload_id.py   the name of a payload under construction
payloads.py     payloads that may be asked for
execution.py    the engine itself: synchronous, on one thread
methods.py      the table of `engine_` methods
node.py         opens the store and serves both ports

Sources: ethereum/execution-apis, src/engine; OP Stack specs, protocol/exec-engine.md and the
pages of Isthmus and Jovian.
"""
