"""System contracts of both chains: their sources, their tool chain, their place in genesis.

`l1/`, `l2/` and `attribution/` hold Vyper sources (shared modules begin with `_` or live in
a `lib/` folder), `assembly/` the contracts that Vyper cannot express.  `build` turns them into
`artifacts/*.json`, which are committed: users need no compiler.  In reading order:

    addresses      where every contract of genesis stands
    artifacts      `load(name)`: ABI and code of a contract
    calls          calling a contract by name: arguments to calldata, results to values
    predeploys     `l1_alloc`, `l2_alloc`: the accounts of genesis
    declarations   `error NotDepositor()` and its like, to ABI entries
    assembler      the small assembler behind `assembly/`
    build          sources to artefacts, and the check that the committed ones are current
"""
