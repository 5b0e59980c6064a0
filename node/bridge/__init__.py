"""Over the bridge as a user goes: deposits to the L2 and withdrawals from it.

For ours and for any other pair of the OP Stack that takes games.

calls.py        a call as a value, in the forms that clients send
fields.py       JSON-RPC answers and web3.py's alike
contracts.py    finds the contracts of a running pair
games.py        the claims that withdrawals are proven against
deposits.py     calls that deposit, and what the L2 will execute
withdrawals.py  withdrawals, their proofs, and the calls that prove and finalize
actions.py      the same over JSON-RPC, with waiting
viem.mjs        for viem: both chains, and deposits of the token that pays for gas

Without asyncio, as with web3.py: `contracts_by`, then the calls of deposits.py and
withdrawals.py, each sent with `send_transaction(call.fields(sender))`.
`python -m byline.node.bridge` prints where viem.mjs lies, to copy it into a project.
"""
