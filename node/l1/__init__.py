"""The L1 as the rollup sees it: the local chain, or somebody's over JSON-RPC.

chain.py    the local L1: a real chain in this process
source.py   what a verifier asks of any L1
remote.py   an L1 node over JSON-RPC; with
  transport.py   HTTP with patience and bounds
  json_block.py  a block as a node describes it, believed as far as it hashes
mirror.py   what is known of an L1 that others run
follower.py fetches its blocks into the mirror, notices when it takes some back
poster.py   sends the batcher's transactions to it
games.py    dispute games and withdrawals, as the L1's contracts have them
watch.py    what goes on there, block by block, and with it
  ripening.py    when an L1 block is needed, so that what waits there becomes ready
install.py  puts the OP Stack's contracts onto a development L1
beacon.py   blobs from a beacon node
kzg.py      commitments and proofs of blobs
beacon_api.py  what a beacon node answers, for the blobs of the local L1
dev_control.py  how things are declared of the L2, on any local L1
blobs.py    keeps the local L1's blobs; with
  network_form.py  blob transactions as they are sent, with their blobs
"""
