"""System contracts of both chains: their sources, their tool chain, their place in genesis.

`l1/`, `l2/` and `attribution/` hold Vyper sources (shared modules begin with `_` or live in
a `lib/` folder), `assembly/` the contracts that Vyper cannot express.  `build` turns them into
`artifacts/*.json`, which are committed: users need no compiler.  In reading order:

    addresses      where every contract of genesis stands
    artifacts      `load(name)`: ABI and code of a contract
    calls          calling a contract by name: arguments to calldata, results to values
    gas_token      what pays for gas on the L2, and where both chains keep it
    genesis_accounts  contracts in a genesis: code, storage, proxies, blueprints
    l1_contracts   `l1_alloc`: the L1's, set up for an L2
    attribution_predeploys  those of attribution, and who computes for them
    attribution_deploy  the same by transactions, for chains of others
    predeploys     `l2_alloc`: the L2's
    interface_files  `read("IPayoutVault.sol")`: for Solidity and Vyper contracts of users that
                   call the precompiles or the contracts of attribution; `folder()` is the
                   path for a compiler's imports
    declarations   `error NotDepositor()` and its like, to ABI entries
    assembler      the small assembler behind `assembly/`
    interface_model, interface_sources, interface_text  what a contract offers, out of its
                   source, and in two languages
    build          sources to artefacts, and the check that the committed ones are current
"""
