"""Chains that begin where another one is: its state is asked for as it is needed.

place.py      URL[@block]: which chain, and where
errors.py     what may go wrong with the other chain
client.py     JSON-RPC to its node, with patience and bounds, for threads and for tasks
cache.py      what it answered, on disk
state.py      its accounts, codes and words at the fork (`byline.node.evm.beneath`)
origin.py     the fork itself: chain id, header, state; how it is found and kept
engine.py     executing on that state
proofs.py     what can be proven of it
network.py    the first blocks of a devnet that stands on it
opening.py    from settings and stores to all that
"""
