"""One L2 on one L1, synchronously: what changes a chain, on one thread, in order.

rollup.py         what is the same wherever the L1 is: pools, sequencer, driver, heads
following.py      on an L1 that others run

On an L1 of its own (`local.py`):

timeline.py       the clock of both chains, and what users want of their next blocks
time_travel.py    which time a block gets
mining.py         when blocks are made
next_block.py     what users want of the next block beside its time
declaring.py      what the L1 tells verifiers of single L2 blocks
posting.py        what the node sends to the L1: batches, and what withdrawals need
editing.py        edits of either chain's state
impersonation.py  whose signatures are not asked for
going_back.py     reorganisations and snapshots of both chains
taking_back.py    rollback, reorganisation and reset, as users ask for them
dumping.py        whole states out of a chain and into one
state_file.py     both in a file

For withdrawals:

proposing.py      proposals and games
keeper.py         what the node does for them on its own L1
remote_keeper.py  and on somebody else's
"""
