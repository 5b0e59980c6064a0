"""The values of the bridge: calls, deposits and withdrawals, against known answers."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hexbytes import HexBytes

from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.deposits import source_hash_user
from byline.derivation.hashing import keccak256
from byline.node.bridge import deposits, games, withdrawals
from byline.node.bridge.calls import Call, calldata
from byline.node.bridge.contracts import Contracts, contracts_by
from byline.node.contracts.artifacts import load
from byline.node.contracts.declarations import selector
from byline.node.errors import NodeError
from tests.vectors_folder import load as vector

TOKEN = b"\x0e" * 20
CONTRACTS = Contracts(
    portal=b"\x01" * 20,
    system_config=b"\x02" * 20,
    dispute_game_factory=b"\x03" * 20,
    l1_standard_bridge=b"\x04" * 20,
    l1_cross_domain_messenger=b"\x05" * 20,
    gas_token=TOKEN,
)
ETHER = Contracts(
    portal=CONTRACTS.portal,
    system_config=CONTRACTS.system_config,
    dispute_game_factory=CONTRACTS.dispute_game_factory,
    l1_standard_bridge=CONTRACTS.l1_standard_bridge,
    l1_cross_domain_messenger=CONTRACTS.l1_cross_domain_messenger,
    gas_token=None,
)
TO = b"\x77" * 20
WITHDRAWAL = withdrawals.Withdrawal(1 << 240, TO, TO, 5, 100_000, b"\xab")
PROOF = withdrawals.Proof(b"\x0a" * 32, b"\x0b" * 32, b"\x0c" * 32, (b"\xc0", b"\xc1\x80"))


def selectors(name: str) -> dict[bytes, str]:
    return {
        selector(dict(entry)): entry["name"]
        for entry in load(name).abi
        if entry["type"] == "function"
    }


@pytest.mark.parametrize(
    ("contract", "name", "call"),
    [
        ("OpenToken", "approve", deposits.approve_gas_token(CONTRACTS, 5)),
        (
            "OptimismPortal",
            "depositERC20Transaction",
            deposits.deposit_gas_token(CONTRACTS, TO, 5),
        ),
        ("OptimismPortal", "depositTransaction", deposits.deposit_ether(ETHER, TO, 5)),
        (
            "L1StandardBridge",
            "bridgeERC20To",
            deposits.bridge_token(CONTRACTS, TOKEN, TO, TO, 5),
        ),
        ("L2ToL1MessagePasser", "initiateWithdrawal", withdrawals.initiate(TO, 5)),
        (
            "OptimismPortal",
            "proveWithdrawalTransaction",
            withdrawals.prove(CONTRACTS, WITHDRAWAL, 0, PROOF),
        ),
        ("OptimismPortal", "checkWithdrawal", withdrawals.check(CONTRACTS, WITHDRAWAL, TO)),
        (
            "OptimismPortal",
            "finalizeWithdrawalTransaction",
            withdrawals.finalize(CONTRACTS, WITHDRAWAL),
        ),
        ("OptimismPortal", "respectedGameType", games.respected_type(CONTRACTS)),
        ("DisputeGameFactory", "gameCount", games.game_count(CONTRACTS)),
        ("DisputeGameFactory", "findLatestGames", games.latest_games(CONTRACTS, 1, 3)),
    ],
)
def test_calls_are_those_of_the_contracts(contract: str, name: str, call: Call) -> None:
    assert name == selectors(contract)[call.data[:4]]


def test_a_call_is_what_web3_takes() -> None:
    call = Call(bytes.fromhex("75ceb25776d0402972b736f6e13fd0616be98f22"), b"\x01", 7)
    to = "0x75CEb25776D0402972B736F6E13Fd0616BE98f22"

    assert {"to": to, "data": "0x01", "value": 7} == call.fields()
    assert {"from": to, "to": to, "data": "0x01", "value": 7} == call.fields(call.to)


def test_nested_types_are_encoded() -> None:
    made = calldata("f((uint256,bytes),uint8[])", [(1, b"\x02"), [3]])

    assert keccak256(b"f((uint256,bytes),uint8[])")[:4] == made[:4]
    assert encode(["(uint256,bytes)", "uint8[]"], [(1, b"\x02"), [3]]) == made[4:]


def test_the_wrong_currency_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="use deposit_gas_token"):
        deposits.deposit_ether(CONTRACTS, TO, 1)
    assert 0 == deposits.deposit_ether(CONTRACTS, TO, 0, data=b"\x01").value
    with pytest.raises(ValueError, match="use deposit_ether"):
        deposits.deposit_gas_token(ETHER, TO, 1)
    with pytest.raises(ValueError, match="use deposit_ether"):
        deposits.approve_gas_token(ETHER, 1)


def test_withdrawals_are_read_from_receipts_of_both_kinds() -> None:
    data = encode(["uint256", "uint256", "bytes", "bytes32"], [5, 100_000, b"\xab", bytes(32)])
    topics = [withdrawals.MESSAGE_PASSED, (1 << 240).to_bytes(32, "big"), *[bytes(12) + TO] * 2]
    raw = {
        "address": "0x" + L2_TO_L1_MESSAGE_PASSER.hex(),
        "topics": ["0x" + topic.hex() for topic in topics],
        "data": "0x" + data.hex(),
    }
    read = {
        "address": raw["address"],
        "topics": [HexBytes(topic) for topic in topics],
        "data": HexBytes(data),
    }
    elsewhere = {**raw, "address": "0x" + TO.hex()}
    for log in (raw, read):
        assert [WITHDRAWAL] == withdrawals.withdrawals_of({"logs": [elsewhere, log]})


def test_hash_and_slot_of_a_withdrawal_are_the_known_ones() -> None:
    known = vector("withdrawals/message_passed.json")
    (found,) = withdrawals.withdrawals_of(known["receipt"])

    assert known["withdrawalHash"] == "0x" + found.hash.hex()
    assert known["sentMessages_storage_slot"] == "0x" + found.slot.hex()


def test_deposits_are_read_from_receipts() -> None:
    known = vector("devnet-901/bridge_eth_deposit.json")
    log, expected = known["deposit_log"], known["deposit"]
    portal = bytes.fromhex(log["address"][2:])
    block_hash = b"\x11" * 32
    receipt = {
        "status": "0x1",
        "blockHash": "0x" + block_hash.hex(),
        "logs": [{**log, "address": "0x" + TO.hex(), "logIndex": "0x6"}, {**log, "logIndex": 7}],
    }
    (found,) = deposits.deposits_of(receipt, portal)

    assert expected["from"] == "0x" + found.sender.hex()
    assert expected["data"] == "0x" + found.data.hex()
    assert (int(expected["mint"], 16), expected["gas"]) == (found.mint, found.gas)
    assert source_hash_user(block_hash, 7) == found.source_hash
    assert [] == deposits.deposits_of({**receipt, "status": 0}, portal)


def test_the_hash_on_the_l2_is_the_known_one() -> None:
    known = [item for item in vector("deposits/deposit_txs.json")["vectors"] if "log" in item]
    assert known
    for item in known:
        log = {**item["log"], "address": TO, "logIndex": item["log"]["logIndexInBlock"]}
        receipt = {"status": 1, "blockHash": log["l1BlockHash"], "logs": [log]}
        (found,) = deposits.deposits_of(receipt, TO)
        assert item["tx_hash"] == "0x" + found.hash.hex()


def answering(answers: dict[str, str]) -> Any:
    def request(method: str, params: list[Any]) -> Any:
        if method == "optimism_rollupConfig":
            return {
                "deposit_contract_address": "0x" + CONTRACTS.portal.hex(),
                "l1_system_config_address": "0x" + CONTRACTS.system_config.hex(),
            }
        answer = answers[params[0]["data"]]
        if answer == "revert":
            raise RuntimeError("execution reverted")
        return answer

    return request


def word(address: bytes) -> str:
    return "0x" + (bytes(12) + address).hex()


def asked(gas_token: str) -> dict[str, str]:
    return {
        "0x" + calldata("disputeGameFactory()").hex(): word(CONTRACTS.dispute_game_factory),
        "0x" + calldata("l1StandardBridge()").hex(): word(CONTRACTS.l1_standard_bridge),
        "0x" + calldata("l1CrossDomainMessenger()").hex(): word(
            CONTRACTS.l1_cross_domain_messenger
        ),
        "0x" + calldata("gasPayingToken()").hex(): gas_token,
    }


def test_contracts_are_found_by_asking() -> None:
    token = word(TOKEN) + (18).to_bytes(32, "big").hex()
    ether = word(b"\xee" * 20) + (18).to_bytes(32, "big").hex()
    for answer, expected in ((token, CONTRACTS), (ether, ETHER), ("revert", ETHER)):
        request = answering(asked(answer))
        assert expected == contracts_by(request, request)


def test_an_answer_that_is_no_address_is_refused() -> None:
    request = answering(asked("0x"))
    with pytest.raises(NodeError, match="gas_token: the L1 answers 0x, want an address"):
        contracts_by(request, request)


def test_the_newest_game_that_covers_a_block_is_chosen() -> None:
    rows = [
        (index, b"\x01" + bytes(11) + bytes([index]) * 20, 7, bytes(32), block.to_bytes(32, "big"))
        for index, block in ((9, 40), (8, 30), (7, 20))
    ]
    found = games.read_games(encode(["(uint256,bytes32,uint64,bytes32,bytes)[]"], [rows]))

    for block, index in ((40, 9), (31, 9), (20, 9)):
        game = games.covering(found, block)
        assert game is not None
        assert (index, bytes([index]) * 20) == (game.index, game.address)
    assert games.covering(found, 41) is None
