"""Execution: py-evm's interpreter behind one small seam, and the rules of two chains.

machine.py        the seam: journaled state and message calls; another engine fits here
tracing.py        what can be watched of an execution
tracers/          what clients see of it: opcodes, calls, the state before
accounts.py       delegation, system calls, addresses of creations
call_stack.py     room for nested calls
console.py        what contracts write for their developer
patience.py       how long a call may take
engines.py        the engines by name, and what runs where one cannot
pyevm.py          the reference engine, on py-evm
pyevm_classes.py  py-evm's State and Computation classes, changed where that is needed
pyevm_constants.py  constants of py-evm without its import
pyevm_errors.py   what py-evm's halts are called
pyevm_natives.py  how py-evm calls native functions; pyevm_frame.py, what it lets them do
pyevm_storage.py  how py-evm takes back what it cleared
beneath.py        the state of another chain under that of a fork; pyevm_beneath.py there
pyevm_tracing.py  how py-evm is watched
fast/             the fast engine, compiled
opcodes.py        which opcodes each fork has
precompiles.py    which native functions each chain has at which address
natives/          what native functions do, and native.py, how an engine calls one
transition.py     a signed transaction: checks, gas, message, refunds
edits.py          what a devnet does to accounts beside transactions
deposits.py       a deposit transaction (0x7E), which cannot fail to be included
rules.py          what the two chains have in common: header, execute, finish
ethereum.py       the L1's rules (Cancun to Osaka): l1_forks.py when, l1_deposits.py for validators
optimism.py       the L2's rules (Holocene and later)
"""
