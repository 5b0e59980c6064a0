"""SystemConfig announces and stores what the OP Stack's contract does."""

from __future__ import annotations

import random

import pytest

from byline.derivation.config import SystemConfig, ecotone_scalar
from byline.derivation.hashing import keccak256
from byline.node.contracts import addresses, artifacts
from tests.contracts.first_blocks import booted, l1
from tests.contracts.genuine import GENUINE_SYSTEM_CONFIG, genuine_l1
from tests.contracts.harness import ANYBODY, Contract, Event, calldata, word
from tests.vectors_folder import load

OWNER = bytes.fromhex("ad0eac6c586e30652553c985e9b1837d05f6ae37")
BATCHER = b"\xba" * 20
INBOX = b"\x1b" * 20
CONFIG = SystemConfig(
    batcher=BATCHER,
    scalar=ecotone_scalar(1_368, 810_949),
    gas_limit=60_000_000,
    eip1559_params=bytes.fromhex("000000fa00000006"),
    operator_fee_scalar=7,
    operator_fee_constant=8,
    min_base_fee=9,
    da_footprint_gas_scalar=10,
)


def system_config() -> Contract:
    """The contract as genesis has it."""
    evm = booted(l1(owner=OWNER, system_config=CONFIG, batch_inbox=INBOX))
    return Contract(evm, addresses.SYSTEM_CONFIG, artifacts.load("SystemConfig").abi)


def content(log: Event) -> tuple[int, bytes]:
    """Type and data of a ConfigUpdate, after its head has been checked."""
    offset, length = (int.from_bytes(log.data[at : at + 32], "big") for at in (0, 32))
    assert (offset, length) == (32, len(log.data) - 64)
    assert log.topics[1] == bytes(32)
    return int.from_bytes(log.topics[2], "big"), log.data[64:]


def test_the_updates_of_the_vector_are_announced_byte_for_byte() -> None:
    contract = system_config()
    steps = [s for s in load("l1-contracts/l1_e2e_steps.json")["steps"] if "config_update" in s]
    assert len(steps) == 6
    for step in steps:
        outcome = contract.evm.call(
            addresses.SYSTEM_CONFIG, bytes.fromhex(step["data"][2:]), sender=OWNER
        )
        (log,), (expected,) = outcome.logs, step["logs"]
        assert ["0x" + topic.hex() for topic in log.topics] == expected["topics"]
        assert "0x" + log.data.hex() == expected["data"], step["name"]


def test_random_updates_leave_the_slots_of_the_genuine_contract() -> None:
    genuine, contract = genuine_l1(), system_config()
    source = random.Random(3)
    # Both begin at the same values, as far as the older genuine contract has them.
    for slot in (101, 102, 103, 104, 105, 106):
        contract.evm.set(
            addresses.SYSTEM_CONFIG, storage={slot: genuine.storage(GENUINE_SYSTEM_CONFIG, slot)}
        )
    for _ in range(40):
        call = source.choice(
            (
                calldata("setBatcherHash(bytes32)", source.randbytes(32)),
                calldata("setGasConfig(uint256,uint256)", 5, source.getrandbits(256)),
                calldata(
                    "setGasConfigEcotone(uint32,uint32)",
                    source.getrandbits(32),
                    source.getrandbits(32),
                ),
                calldata("setGasLimit(uint64)", source.choice((0, 20_999_999, 21_000_000))),
                calldata("setGasLimit(uint64)", source.choice((500_000_000, 500_000_001))),
                calldata("setUnsafeBlockSigner(address)", "0x" + source.randbytes(20).hex()),
                calldata(
                    "setEIP1559Params(uint32,uint32)",
                    source.choice((0, source.getrandbits(32))),
                    source.choice((0, source.getrandbits(32))),
                ),
                calldata(
                    "setOperatorFeeScalars(uint32,uint64)",
                    source.getrandbits(32),
                    source.getrandbits(64),
                ),
            )
        )
        expected = genuine.call(GENUINE_SYSTEM_CONFIG, call, sender=OWNER)
        outcome = contract.evm.call(addresses.SYSTEM_CONFIG, call, sender=OWNER)
        assert (outcome.success, outcome.output) == (expected.success, expected.output)
        assert [(log.topics, log.data) for log in outcome.logs] == [
            (log.topics, log.data) for log in expected.logs
        ]
    signer = int.from_bytes(contract.read("UNSAFE_BLOCK_SIGNER_SLOT"), "big")
    for slot in (101, 102, 103, 104, 105, 106, signer):
        mine = contract.evm.storage(addresses.SYSTEM_CONFIG, slot)
        assert mine == genuine.storage(GENUINE_SYSTEM_CONFIG, slot), slot


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "number"),
    [
        ("setMinBaseFee", (2**64 - 1,), 6, 2**64 - 1),
        ("setDAFootprintGasScalar", (65_535,), 7, 65_535),
        ("setGasLimit", (30_000_000,), 2, 30_000_000),
        ("setEIP1559Params", (3, 5), 4, 3 << 32 | 5),
        ("setOperatorFeeScalars", (3, 5), 5, 3 << 64 | 5),
    ],
)
def test_an_update_announces_its_number_in_one_word(
    name: str, arguments: tuple[int, ...], kind: int, number: int
) -> None:
    outcome = system_config().send(name, *arguments, sender=OWNER)
    assert content(outcome.logs[0]) == (kind, word(number))


def test_setting_one_packed_value_leaves_its_neighbours() -> None:
    contract = system_config()
    before = getters(contract)
    contract.send("setMinBaseFee", 1, sender=OWNER)
    contract.send("setDAFootprintGasScalar", 2, sender=OWNER)
    contract.send("setGasLimit", 30_000_000, sender=OWNER)
    after = getters(contract)
    assert {name for name in before if before[name] != after[name]} == {
        "minBaseFee", "daFootprintGasScalar", "gasLimit",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "slot", "low", "width"),
    [
        ("setGasConfigEcotone", (0, 0), 104, 64, 64),
        ("setOperatorFeeScalars", (0, 0), 106, 64, 96),
        ("setDAFootprintGasScalar", (0,), 106, 160, 16),
        ("setMinBaseFee", (0,), 108, 160, 64),
    ],
)
def test_a_setter_clears_its_own_bits_and_no_others(
    name: str, arguments: tuple[int, ...], slot: int, low: int, width: int
) -> None:
    contract = system_config()
    full = 2**256 - 1
    contract.evm.set(addresses.SYSTEM_CONFIG, storage={slot: full})
    assert contract.send(name, *arguments, sender=OWNER).success
    expected = full ^ ((1 << width) - 1) << low
    assert contract.evm.storage(addresses.SYSTEM_CONFIG, slot) == expected


SETTERS = (
    ("setBatcherHash", (bytes(32),)),
    ("setGasConfig", (1, 1)),
    ("setGasConfigEcotone", (1, 1)),
    ("setGasLimit", (30_000_000,)),
    ("setUnsafeBlockSigner", ("0x" + "11" * 20,)),
    ("setEIP1559Params", (1, 1)),
    ("setOperatorFeeScalars", (1, 1)),
    ("setMinBaseFee", (1,)),
    ("setDAFootprintGasScalar", (1,)),
    ("setFeature", (b"ETH_LOCKBOX".ljust(32, b"\0"), True)),
    ("transferOwnership", ("0x" + "11" * 20,)),
)


@pytest.mark.parametrize(("name", "arguments"), SETTERS)
def test_only_the_owner_may_set(name: str, arguments: tuple[object, ...]) -> None:
    contract = system_config()
    refused = contract.send(name, *arguments, sender=ANYBODY)
    assert contract.error(refused) == "Ownable: caller is not the owner"
    assert contract.send(name, *arguments, sender=OWNER).success


def test_every_setter_is_in_that_list() -> None:
    functions = [item for item in artifacts.load("SystemConfig").abi if item["type"] == "function"]
    setters = {item["name"] for item in functions if item["stateMutability"] == "nonpayable"}
    # Setup is the deployer's, not the owner's.
    assert setters - {"initialize"} == {name for name, _ in SETTERS}


def test_a_new_owner_replaces_the_old_one() -> None:
    contract = system_config()
    outcome = contract.send("transferOwnership", "0x" + ANYBODY.hex(), sender=OWNER)
    assert contract.event(outcome.logs[0])["newOwner"] == "0x" + ANYBODY.hex()
    assert contract.send("setMinBaseFee", 1, sender=ANYBODY).success
    assert not contract.send("setMinBaseFee", 1, sender=OWNER).success
    nobody = contract.send("transferOwnership", "0x" + "00" * 20, sender=ANYBODY)
    assert contract.error(nobody) == "Ownable: new owner is the zero address"


def getters(contract: Contract) -> dict[str, object]:
    names = (
        "owner overhead scalar batcherHash gasLimit basefeeScalar blobbasefeeScalar "
        "eip1559Denominator eip1559Elasticity operatorFeeScalar operatorFeeConstant "
        "daFootprintGasScalar minBaseFee l2ChainId unsafeBlockSigner batchInbox startBlock "
        "optimismPortal minimumGasLimit maximumGasLimit isCustomGasToken VERSION"
    )
    return {name: contract.read(name) for name in names.split()}


def test_genesis_answers_with_the_values_it_was_given() -> None:
    assert getters(system_config()) == {
        "owner": "0x" + OWNER.hex(),
        "overhead": 0,
        "scalar": int.from_bytes(CONFIG.scalar, "big"),
        "batcherHash": bytes(12) + BATCHER,
        "gasLimit": 60_000_000,
        "basefeeScalar": 1_368,
        "blobbasefeeScalar": 810_949,
        "eip1559Denominator": 250,
        "eip1559Elasticity": 6,
        "operatorFeeScalar": 7,
        "operatorFeeConstant": 8,
        "daFootprintGasScalar": 10,
        "minBaseFee": 9,
        "l2ChainId": 901,
        "unsafeBlockSigner": "0x" + OWNER.hex(),
        "batchInbox": "0x" + INBOX.hex(),
        "startBlock": 0,
        "optimismPortal": "0x" + addresses.OPTIMISM_PORTAL.hex(),
        "minimumGasLimit": 21_000_000,
        "maximumGasLimit": 500_000_000,
        "isCustomGasToken": False,
        "VERSION": 0,
    }


def test_the_resource_config_is_that_of_the_genuine_contract() -> None:
    call = calldata("resourceConfig()")
    expected = genuine_l1().call(GENUINE_SYSTEM_CONFIG, call)
    assert system_config().evm.call(addresses.SYSTEM_CONFIG, call).output == expected.output


def test_addresses_of_contracts_that_do_not_exist_are_zero() -> None:
    found = system_config().read("getAddresses")
    nobody = "0x" + "00" * 20
    portal, messenger, bridge = (
        "0x" + address.hex()
        for address in (
            addresses.OPTIMISM_PORTAL,
            addresses.L1_CROSS_DOMAIN_MESSENGER,
            addresses.L1_STANDARD_BRIDGE,
        )
    )
    assert found == (messenger, nobody, bridge, portal, nobody, nobody)


def test_a_feature_is_read_from_the_slot_of_the_genuine_mapping() -> None:
    contract = system_config()
    feature = b"CUSTOM_GAS_TOKEN".ljust(32, b"\0")
    slot = int.from_bytes(keccak256(feature + word(109)), "big")
    contract.evm.set(addresses.SYSTEM_CONFIG, storage={slot: 1})
    assert contract.read("isFeatureEnabled", feature)
    assert contract.read("isCustomGasToken")
    assert not contract.read("isFeatureEnabled", b"ETH_LOCKBOX".ljust(32, b"\0"))
