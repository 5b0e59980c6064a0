"""The L1 as the rollup sees it: the local chain, or somebody's over JSON-RPC.

chain.py    the local L1: a real chain in this process
source.py   what a verifier asks of any L1
remote.py   an L1 node over JSON-RPC
beacon.py   blobs from a beacon node
kzg.py      commitments and proofs of blobs
"""
