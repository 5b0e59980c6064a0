"""What the L1's genesis writes is what deploying and setting up leaves."""

from __future__ import annotations

import pytest

from byline.derivation.config import SystemConfig, ecotone_scalar
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.contracts import addresses, artifacts
from byline.node.contracts.gas_token import ETHER, GAS_TOKENS, OPEN, GasToken, read_gas_token
from byline.node.contracts.l1_contracts import (
    OPEN_SUPPLY,
    WITHDRAWAL_DELAYS,
    WithdrawalDelays,
    l1_alloc,
)
from byline.node.contracts.predeploys import l2_alloc
from tests.contracts.first_blocks import CHALLENGER, OWNER, PROPOSER, booted, setup
from tests.contracts.harness import Contract, Evm
from tests.contracts.l1_stack import Stack, l1_stack, plan, text

INBOX = b"\x1b" * 20
BATCHER = b"\xba" * 20
PLACES = {
    "SuperchainConfig": addresses.SUPERCHAIN_CONFIG,
    "SystemConfig": addresses.SYSTEM_CONFIG,
    "OptimismPortal": addresses.OPTIMISM_PORTAL,
    "AnchorStateRegistry": addresses.ANCHOR_STATE_REGISTRY,
    "DisputeGameFactory": addresses.DISPUTE_GAME_FACTORY,
    "L1CrossDomainMessenger": addresses.L1_CROSS_DOMAIN_MESSENGER,
    "L1StandardBridge": addresses.L1_STANDARD_BRIDGE,
}
TIMESTAMP = 1_700_000_000


def deployed(token: GasToken, delays: WithdrawalDelays) -> Stack:
    evm = Evm()
    evm.set(addresses.OPEN_TOKEN, code=artifacts.load("OpenToken").runtime)
    changes = {} if token.address is None else {"token": token.address}
    return l1_stack(
        plan(
            owner=OWNER,
            guardian=OWNER,
            proposer=PROPOSER,
            challenger=CHALLENGER,
            clock=delays.clock,
            maturity=delays.maturity,
            finality=delays.finality,
            # The number of the block of setup is kept, and genesis is block 0.
            number=0,
            timestamp=TIMESTAMP,
            **changes,
        ),
        PLACES,
        evm,
    )


def written(token: GasToken, delays: WithdrawalDelays) -> dict[bytes, GenesisAccount]:
    system = SystemConfig(
        batcher=BATCHER, scalar=ecotone_scalar(1_368, 810_949), gas_limit=60_000_000
    )
    return l1_alloc(
        setup(
            system_config=system,
            batch_inbox=INBOX,
            timestamp=TIMESTAMP,
            gas_token=token,
            delays=delays,
        )
    )


def own_storage_root(account: GenesisAccount) -> bytes:
    """Return the root of the storage without the proxy's two slots."""
    proxy = (addresses.IMPLEMENTATION_SLOT, addresses.ADMIN_SLOT)
    evm, place = Evm(), b"\x01" * 20
    storage = {slot: word for slot, word in account.storage.items() if slot not in proxy}
    evm.set(place, code=b"\x00", nonce=1, storage=storage)
    return evm.storage_root(place)


@pytest.mark.parametrize("token", [ETHER, OPEN], ids=["eth", "open"])
@pytest.mark.parametrize("delays", WITHDRAWAL_DELAYS.values(), ids=WITHDRAWAL_DELAYS)
def test_genesis_leaves_what_a_deployment_leaves(
    token: GasToken, delays: WithdrawalDelays
) -> None:
    stack, alloc = deployed(token, delays), written(token, delays)
    # A deployment's gas token costs a deposit's gas, which the L2 of genesis has had already.
    stack.evm.set(addresses.OPTIMISM_PORTAL, storage={1: 10**9})
    for name, address in PLACES.items():
        if name == "DisputeGameFactory":
            # The test's stack has another implementation of the game.
            slot = next(s for s, w in alloc[address].storage.items() if w == game_number())
            stack.evm.set(address, storage={slot: game_number()})
        assert own_storage_root(alloc[address]) == stack.evm.storage_root(address), name


def game_number() -> int:
    return int.from_bytes(addresses.DISPUTE_GAME, "big")


def test_the_contracts_answer_through_their_proxies() -> None:
    evm = booted(written(OPEN, WITHDRAWAL_DELAYS["short"]))

    def read(name: str, function: str, *arguments: object) -> object:
        return Contract(evm, PLACES[name], artifacts.load(name).abi).read(function, *arguments)

    assert read("OptimismPortal", "disputeGameFactory") == text(addresses.DISPUTE_GAME_FACTORY)
    assert read("OptimismPortal", "proofMaturityDelaySeconds") == 12
    assert read("SystemConfig", "disputeGameFactory") == text(addresses.DISPUTE_GAME_FACTORY)
    assert read("SystemConfig", "gasPayingTokenSymbol") == "OPEN"
    assert read("SystemConfig", "guardian") == text(OWNER)
    assert read("DisputeGameFactory", "gameImpls", 1) == text(addresses.DISPUTE_GAME)
    assert read("AnchorStateRegistry", "respectedGameType") == 1


@pytest.mark.parametrize("address", [*PLACES.values()], ids=[*PLACES])
def test_nobody_can_set_up_again(address: bytes) -> None:
    name = next(key for key, value in PLACES.items() if value == address)
    evm = booted(written(OPEN, WITHDRAWAL_DELAYS["short"]))
    abi = artifacts.load(name).abi
    contract = Contract(evm, address, abi)
    (entry,) = (item for item in abi if item.get("name") == "initialize")
    zeros = [zero(item) for item in entry["inputs"]]
    for sender in (OWNER, bytes(20), b"\x11" * 20):
        outcome = contract.send("initialize", *zeros, sender=sender)
        assert contract.error(outcome) == "NotDeployer"


def zero(argument: dict[str, object]) -> object:
    kind = str(argument["type"])
    if kind == "tuple":
        parts = argument["components"]
        assert isinstance(parts, list)
        return tuple(zero(part) for part in parts)
    if kind == "address":
        return text(bytes(20))
    return bytes(32) if kind == "bytes32" else 0


def test_the_portal_holds_what_backs_the_genesis_of_the_l2() -> None:
    portal = addresses.OPTIMISM_PORTAL
    ether = l1_alloc(setup(locked=7))
    assert ether[portal].balance == 7
    evm = booted(l1_alloc(setup(locked=7, gas_token=OPEN, holders={b"\x33" * 20: 5})))
    token = Contract(evm, addresses.OPEN_TOKEN, artifacts.load("OpenToken").abi)
    assert evm.balance(portal) == 0
    held = [token.read("balanceOf", text(who)) for who in (portal, b"\x33" * 20, OWNER)]
    assert held == [7, 5, OPEN_SUPPLY - 12]
    assert token.read("totalSupply") == OPEN_SUPPLY


def test_more_of_the_token_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="gives out 1000000000000000000000000001 wei of OPEN"):
        l1_alloc(setup(gas_token=OPEN, locked=1, holders={b"\x33" * 20: OPEN_SUPPLY}))


@pytest.mark.parametrize("name", GAS_TOKENS)
def test_the_l2_tells_its_gas_token(name: str) -> None:
    token = GAS_TOKENS[name]
    evm = booted(l2_alloc(owner=OWNER, gas_token=token))
    block = Contract(evm, addresses.L1_BLOCK, artifacts.load("L1Block").abi)
    assert block.read("gasPayingTokenName") == token.name
    assert block.read("gasPayingTokenSymbol") == token.symbol
    assert block.read("isCustomGasToken") == (name == "open")
    weth = Contract(evm, addresses.WETH, artifacts.load("WETH").abi)
    assert weth.read("symbol") == f"W{token.symbol}"
    assert read_gas_token(lambda slot: evm.storage(addresses.L1_BLOCK, slot)) == token
