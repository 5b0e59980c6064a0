"""The node behind the RPC: implements the Protocols of `byline.rpc.backend`.

served.py     what all this asks of the holder of the chains
threads.py    which thread does the work
resolve.py    block references to headers, the pending block
chain.py      blocks, transactions, receipts, logs, fees
receipts.py   consensus receipts to what clients want to know
near.py       the state that most reads are about, opened once
state.py      accounts, calls, estimates, proofs
building.py   what somebody may ask of the blocks that are built here
sequencing.py who makes the L2's blocks, and transactions on conditions
forked.py     the chain that another goes on from
forks.py      which rules are in force, and which come
simulating.py blocks of calls that are tried out
tracing.py    what happened within transactions, by executing them again
inspecting.py what state and store hold
attribution.py   whose words answers are made of, who is paid, and is it true: with
                 attribution_index.py (follows the chain), attribution_checks.py,
                 attribution_views.py (JSON)
chain_config.py  a chain's rules as genesis files have them
later.py      parts that are imported when they are first asked for something
pool.py       sending transactions; the unlocked accounts
typed_data.py what eth-account lets pass in EIP-712 documents
contracts.py  which of the contracts that we have names for stand on a chain
steering.py   when blocks are made, what waits for them, what the node says of itself
rewriting.py  what blocks are to have, blocks taken back, whole states
editing.py    accounts as a test wants them, and transactions that nobody signs
controls.py   mining and snapshots; the rollup node's answers
events.py     what happens, to whoever listens
"""
