"""A chain: blocks built by rules on an engine, the pool they come from, calls on them.

block.py            a block with what executing it left behind
builder.py          one block under construction
chain.py            blocks on a genesis, for both chains
senders.py          who signed the transactions of a block from outside
impersonated.py     transactions of the local L1 that nobody signed
forkchoice.py       the three heads of an L2
genesis_account.py  an account as genesis has it
genesis.py          the first block from accounts
genesis_file.py     the first block of a real chain, from geth's JSON; with
  forge_allocs.py   accounts without a header, as forge and op-deployer keep them
  json_fields.py    a document from outside, read with the place of every fault
  genesis_state.py  the state of all accounts, hashed at once
anvil_state.py      the accounts of a whole state, as anvil writes them
admission.py        whether a transaction may wait
mempool.py          the transactions that do
journal.py          the same on disk
pretended.py        blocks and accounts as a call pretends that they are
calls.py            calls that change nothing
accessed.py         what a call touches, for its access list
blob_calls.py       calls of blob transactions: what is refused, what the blobs cost
simulate.py         blocks of calls that are tried out; with
  simulated_order.py  which blocks those are
  simulated_call.py   what must hold for a call
  transfers.py        wei that moves, shown as logs
signed_bundle.py    signed transactions tried out as the beginning of a block
call_many.py        bundles of calls, each on what the one before leaves
replay.py           blocks and calls executed so that somebody can watch
witness.py          what executing a block reads
preimages.py        addresses and slots behind the hashed keys of the tries
state_tries.py      accounts and words in the order of those keys
"""
