"""The genuine contracts of an L1 with five L2s do on our engine what they did elsewhere."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.deposits import user_deposits
from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.output_root import output_root
from byline.derivation.receipt import Log, Receipt
from byline.derivation.system_config import CONFIG_UPDATE
from byline.node.accounts import dev_account, operator_account
from byline.node.chain.builder import BlockBuilder
from byline.node.chain.genesis_account import GenesisAccount
from byline.node.chain.genesis_file import read_genesis_file
from byline.node.chain.genesis_state import genesis_state
from byline.node.contracts.addresses import MULTICALL3
from byline.node.evm.ethereum import EthereumRules
from byline.node.evm.machine import CallOutcome, MessageCall
from byline.node.evm.pyevm import PyEvmEngine
from byline.node.evm.rules import BlockInput
from tests.derivation_kit import unhex
from tests.vectors_folder import load, vectors

AGGREGATE = keccak256(b"aggregate3((address,bool,bytes)[])")[:4]
GAS = 20_000_000


def alloc() -> dict[bytes, GenesisAccount]:
    return dict(read_genesis_file(vectors() / "l1-contracts" / "900-l1-genesis.json.gz").alloc)


class L1:
    """A state that calls change, each in a block of the time that it names."""

    def __init__(self) -> None:
        state = genesis_state(alloc())
        self.root, self.nodes = state.root, dict(state.nodes)

    def call(self, step: dict[str, Any]) -> CallOutcome:
        time = step["block_timestamp"]
        parent = Header(
            number=4,
            timestamp=time - 12,
            state_root=self.root,
            gas_limit=60_000_000,
            base_fee=10**9,
        )
        given = BlockInput(time, bytes(20), bytes(32), parent.gas_limit, bytes(32))
        ancestors = (keccak256(b"l1parent"),)
        machine = BlockBuilder(
            PyEvmEngine(), EthereumRules(900), parent, given, self.nodes.get, ancestors
        ).machine
        call = message(step)
        machine.set_balance(call.sender, machine.balance(call.sender) + call.value)
        machine.begin_transaction()
        outcome = machine.run(call)
        self.root = machine.commit()
        self.nodes |= machine.nodes
        return outcome


def message(step: dict[str, Any]) -> MessageCall:
    """Return the call of a step; one from a contract goes through that contract."""
    sender, to, data = (unhex(step[name]) for name in ("from", "to", "data"))
    if "tx_origin" in step:
        assert sender == MULTICALL3
        sender, to, data = (
            unhex(step["tx_origin"]),
            MULTICALL3,
            AGGREGATE + encode(["(address,bool,bytes)[]"], [[(to, False, data)]]),
        )
    return MessageCall(
        sender=sender,
        to=to,
        value=int(step["value"], 16),
        data=data,
        gas=GAS,
        gas_price=0,
        nonce=0,
    )


def test_every_step_from_deposit_to_finalized_withdrawal_ends_as_known() -> None:
    steps = load("l1-contracts/l1_e2e_steps.json")["steps"]
    assert len(steps) == 24
    chain = L1()
    deposits = updates = 0
    for step in steps:
        outcome = chain.call(step)

        assert outcome.succeeded == step["success"], (step["name"], outcome.error)
        if "tx_origin" not in step:
            assert "0x" + outcome.output.hex() == step["output"], step["name"]
        found = [(log.address, log.topics, log.data) for log in outcome.logs]
        wanted = [
            (unhex(log["address"]), tuple(map(unhex, log["topics"])), unhex(log["data"]))
            for log in step["logs"]
        ]
        assert found == wanted, step["name"]
        if "expected_l2_deposit" in step:
            check_deposit(outcome.logs, step)
            deposits += 1
        if "config_update" in step:
            check_update(outcome.logs, step["config_update"])
            updates += 1
    assert (deposits, updates) == (4, 6)


def check_deposit(logs: tuple[Log, ...], step: dict[str, Any]) -> None:
    receipt = Receipt(type=2, succeeded=True, cumulative_gas_used=1, logs=logs)
    [deposit] = user_deposits([receipt], bytes(32), unhex(step["to"]))
    assert step["expected_l2_deposit"] == {
        "from": "0x" + deposit.sender.hex(),
        "to": None if deposit.to is None else "0x" + deposit.to.hex(),
        "mint": hex(deposit.mint),
        "value": hex(deposit.value),
        "gas": deposit.gas,
        "data": "0x" + deposit.data.hex(),
    }


def check_update(logs: tuple[Log, ...], wanted: dict[str, Any]) -> None:
    [log] = logs
    assert log.topics[0] == CONFIG_UPDATE
    assert int.from_bytes(log.topics[2], "big") == wanted["update_type"]
    assert "0x" + log.data[64:].hex() == wanted["content"]


def test_the_withdrawal_that_the_steps_prove_hashes_as_known() -> None:
    document = load("l1-contracts/l1_e2e_steps.json")["withdrawal"]
    fields = document["withdrawal"]
    kinds = ["uint256", "address", "address", "uint256", "uint256", "bytes"]
    numbers = {name: int(fields[name], 16) for name in ("nonce", "value", "gasLimit")}
    digest = keccak256(
        encode(
            kinds,
            [
                numbers["nonce"],
                fields["sender"],
                fields["target"],
                numbers["value"],
                numbers["gasLimit"],
                unhex(fields["data"]),
            ],
        )
    )
    assert "0x" + digest.hex() == document["withdrawal_hash"]
    assert "0x" + keccak256(digest + bytes(32)).hex() == document["storage_slot"]

    slots = {int(k, 16): int(v, 16) for k, v in document["message_passer_storage"].items()}
    state = genesis_state({L2_TO_L1_MESSAGE_PASSER: GenesisAccount(storage=slots)})
    root = state.storage_root(L2_TO_L1_MESSAGE_PASSER)
    assert "0x" + root.hex() == document["message_passer_storage_root"]
    for node in map(unhex, document["proof"]):
        assert state.nodes[keccak256(node)] == node
    version, state_root, storage_root, block_hash = map(unhex, document["output_root_proof"])
    assert (version, storage_root) == (bytes(32), root)
    found = output_root(state_root, storage_root, block_hash)
    assert "0x" + found.hex() == document["output_root"]


def test_the_addresses_of_five_l2s_carry_contracts() -> None:
    document = load("l1-contracts/l2-addresses.json")
    accounts = alloc()
    assert sorted(document) == ["901", "902", "903", "904", "905"]
    for chain_id, contracts in document.items():
        for name, address in contracts.items():
            there = accounts.get(unhex(address), GenesisAccount())
            # The permissionless game is not deployed on these.
            assert bool(there.code) != (int(address, 16) == 0), (chain_id, name)


def test_the_info_of_devnet_901_names_the_contracts_and_the_operators() -> None:
    info = load("devnet-901/info.json")
    config = load("devnet-901/rollup.json")
    assert info["l1_addresses"] == load("l1-contracts/l2-addresses.json")["901"]
    for key, name in {
        "deposit_contract_address": "OptimismPortalProxy",
        "l1_system_config_address": "SystemConfigProxy",
    }.items():
        assert config[key] == info["l1_addresses"][name]

    paths = info["keys"]["operator_paths_901"]
    checked = 0
    for name, path in paths.items():
        role = int(path.rpartition("/")[2])
        assert path == f"m/44'/60'/2'/901/{role}"
        if name in info["addresses"]:
            assert operator_account(901, role).address == unhex(info["addresses"][name])
            checked += 1
    assert checked == 6
    funded = read_genesis_file(vectors() / "devnet-901" / "l1-genesis.json.gz").alloc
    assert all(funded[dev_account(index).address].balance == 10**22 for index in range(30))


def test_a_step_on_another_time_does_not_end_the_same() -> None:
    """The steps are checked for real: a withdrawal cannot be finalized before its time."""
    steps = load("l1-contracts/l1_e2e_steps.json")["steps"]
    chain = L1()
    for step in steps[:21]:
        chain.call(step)
    early = steps[21] | {"block_timestamp": steps[20]["block_timestamp"]}
    assert not chain.call(early).succeeded
