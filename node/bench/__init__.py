"""Measurements that `byline bench` prints: this node, and its peers in the same run.

parts.py         the table of parts; each file below that is in it answers one question
compute.py       loops of bytecode, by RPC and in process
block.py         many transactions in one block, from bytes to disk
automine.py      transfers one at a time over RPC, while the chain grows older; memory
view.py          reads over RPC
calls.py         the common calls over RPC, on both ports; seats.py prepares who is asked
start.py         process start to first answer
natives.py       the native functions; native_inputs.py makes what they are given
splitting.py     apportion: kernel, reference, contract twin
settling.py      paying contributors by each mode of the vault; settling_chain.py is the chain
gas.py           what the prices of our precompiles cover; credits.py for the state precompile
deriving.py      derivation with and without execution, and what batches weigh

effort.py        how much is measured
table.py         what a measurement gives; show.py prints it and writes JSON
timing.py        the fastest run of a function in this process
peers.py         who is measured beside this node, and how each is started
process.py       a server, its processor time and its memory; wire.py is the client
engines.py       the engines in this process, py-evm as it comes among them
programs.py      the bytecode that runs; transactions.py signs what is sent
"""
