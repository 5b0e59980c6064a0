"""The contracts of the L2's genesis: the predeploys, set up as a deployment would have left them.

Source: OP Stack specs, protocol/predeploys.md.  As there, all but WETH stand behind proxies
whose implementations have addresses of their own kind, and which the ProxyAdmin may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from byline.derivation.config import Fork
from byline.node.contracts import addresses
from byline.node.contracts.attribution_predeploys import (
    AttributionSetup,
    Backend,
    attribution_alloc,
)
from byline.node.contracts.gas_token import ETHER, GasToken
from byline.node.contracts.genesis_accounts import (
    Alloc,
    blueprint,
    contract,
    number,
    on_both_chains,
    proxied,
)
from byline.node.contracts.l1_contracts import NO_SENDER

MIN_WITHDRAWAL_AMOUNT: Final = 10 * 10**18
"""Wei that a fee vault pays out at the least."""
L2_NETWORK: Final = 1
"""Where fee vaults pay: on the L2."""


def l2_alloc(
    *,
    owner: bytes,
    fork: Fork = Fork.KARST,
    gas_token: GasToken = ETHER,
    backend: Backend = Backend.PRECOMPILE,
    state_precompile: bool = False,
) -> Alloc:
    """Return the contracts of the L2.

    `owner` receives the fees of the vaults and the penalties of attribution, and may change
    the contracts; `fork` is the latest that is active at genesis; `backend` computes for the
    attribution contracts, whose vault may use the state precompile.
    """
    attribution = AttributionSetup(owner, backend, state_precompile)
    vault = {1: MIN_WITHDRAWAL_AMOUNT, 2: L2_NETWORK << 160 | number(owner)}
    return {
        **on_both_chains(),
        addresses.WETH: contract("WETH"),
        addresses.MINTABLE_ERC20_BLUEPRINT: blueprint("OptimismMintableERC20"),
        **_proxied(
            "L2CrossDomainMessenger",
            addresses.L2_CROSS_DOMAIN_MESSENGER,
            {204: NO_SENDER, 207: number(addresses.L1_CROSS_DOMAIN_MESSENGER)},
        ),
        **_proxied("GasPriceOracle", addresses.GAS_PRICE_ORACLE, {0: _fork_flags(fork)}),
        **_proxied(
            "L2StandardBridge",
            addresses.L2_STANDARD_BRIDGE,
            {
                3: number(addresses.L2_CROSS_DOMAIN_MESSENGER),
                4: number(addresses.L1_STANDARD_BRIDGE),
            },
        ),
        **_proxied("SequencerFeeVault", addresses.SEQUENCER_FEE_VAULT, vault),
        **_proxied(
            "OptimismMintableERC20Factory",
            addresses.OPTIMISM_MINTABLE_ERC20_FACTORY,
            {
                1: number(addresses.L2_STANDARD_BRIDGE),
                3: number(addresses.MINTABLE_ERC20_BLUEPRINT),
            },
        ),
        **_proxied("L1Block", addresses.L1_BLOCK, gas_token.storage()),
        **_proxied("L2ToL1MessagePasser", addresses.L2_TO_L1_MESSAGE_PASSER),
        **_proxied("ProxyAdmin", addresses.PROXY_ADMIN, {0: number(owner)}),
        **_proxied("FeeVault", addresses.BASE_FEE_VAULT, vault),
        **_proxied("FeeVault", addresses.L1_FEE_VAULT, vault),
        **_proxied("OperatorFeeVault", addresses.OPERATOR_FEE_VAULT, vault),
        **attribution_alloc(attribution),
    }


def _proxied(name: str, address: bytes, storage: Mapping[int, int] | None = None) -> Alloc:
    implementation = addresses.l2_implementation(address)
    return proxied(address, name, implementation, addresses.PROXY_ADMIN, storage)


def _fork_flags(fork: Fork) -> int:
    """Return slot 0 of the gas price oracle: a byte each for Ecotone, Fjord, Isthmus, Jovian."""
    flags = 0x0101
    if fork >= Fork.ISTHMUS:
        flags |= 1 << 16
    if fork >= Fork.JOVIAN:
        flags |= 1 << 24
    return flags
