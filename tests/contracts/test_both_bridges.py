"""Value and tokens go from our contracts of one chain to ours of the other, and come back."""

from __future__ import annotations

import pytest
import rlp

from byline.derivation.deposits import user_deposits
from byline.derivation.hashing import keccak256
from byline.derivation.receipt import Log, Receipt
from byline.node.contracts import artifacts
from tests.contracts.bridging import TOKEN_SOURCE, places
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm, Outcome, calldata, word
from tests.contracts.l1_stack import Stack, l1_stack, text
from tests.contracts.l2_bridging import (
    BRIDGE,
    MESSENGER,
    PASSER,
    PERSON,
    SOMEBODY,
    TOKEN,
    of,
    topics,
)
from tests.contracts.test_l2_messenger import RELAYED
from tests.contracts.test_mintable_token import CREATE, FACTORY, with_factories
from tests.contracts.withdrawals import Passer, Proposed, Withdrawal

SEND_TOKENS = "bridgeERC20(address,address,uint256,uint32,bytes)"


@pytest.fixture
def l1() -> Stack:
    return l1_stack(addresses=places())


@pytest.fixture
def l2() -> Evm:
    return with_factories()[0]


def derived(l1: Stack, l2: Evm, outcome: Outcome) -> Outcome:
    """Execute on the L2 the deposit that a call on the L1 has made."""
    assert outcome.success, outcome.error
    logs = tuple(Log(log.address, log.topics, log.data) for log in outcome.logs)
    receipt = Receipt(type=2, succeeded=True, cumulative_gas_used=1, logs=logs)
    (deposit,) = user_deposits([receipt], bytes(32), l1.portal.address)
    assert deposit.to == MESSENGER
    intrinsic = 21_000 + 16 * len(deposit.data)
    return l2.call(
        deposit.to,
        deposit.data,
        sender=deposit.sender,
        value=deposit.value,
        gas=deposit.gas - intrinsic,
    )


def finalized(l1: Stack, l2: Evm, outcome: Outcome) -> Outcome:
    """Prove and finalize on the L1 the first withdrawal that was made on the L2."""
    assert outcome.success, outcome.error
    (log,) = of(outcome, PASSER)
    fields = Contract(l2, PASSER, artifacts.load("L2ToL1MessagePasser").abi).event(log)
    sender, target = (bytes.fromhex(fields[name][2:]) for name in ("sender", "target"))
    withdrawal = Withdrawal(
        fields["nonce"], sender, target, fields["value"], fields["gasLimit"], fields["data"]
    )
    assert withdrawal.hash == fields["withdrawalHash"]
    passer = Passer.of(withdrawal, others=0)
    passer.trie[keccak256(word(1))] = rlp.encode(1)
    # The proof is one of the storage that the L2 really has.
    assert passer.trie.root_hash == l2.storage_root(PASSER)
    index = l1.factory.read("gameCount")
    game = l1.propose(passer.root, 100)
    l1.wait(1)
    proposed = Proposed(l1, passer, game, index)
    proposed.mature(withdrawal)
    return proposed.finalize(withdrawal, gas=fields["gasLimit"] + 300_000)


def test_ether_goes_to_the_l2_and_comes_back(l1: Stack, l2: Evm) -> None:
    sent = l1.bridge.send("bridgeETH", 200_000, b"", sender=PERSON, value=77)
    assert topics(derived(l1, l2, sent))[-1] == RELAYED
    assert l2.balance(PERSON) == 77
    call = calldata("bridgeETHTo(address,uint32,bytes)", SOMEBODY, 200_000, b"")
    outcome = finalized(l1, l2, l2.call(BRIDGE, call, sender=PERSON, value=50))
    assert RELAYED in topics(outcome)
    assert l1.evm.balance(bytes.fromhex(SOMEBODY[2:])) == 50
    assert l1.evm.balance(l1.portal.address) == l2.balance(PERSON) == 27


def test_tokens_go_to_the_l2_and_come_back(l1: Stack, l2: Evm) -> None:
    l1.evm.set(TOKEN, code=compiled(TOKEN_SOURCE).runtime)
    l1.evm.call(TOKEN, calldata("set(address,uint256,uint256)", text(PERSON), 1_000, 0))
    twin = l2.call(FACTORY, calldata(CREATE, text(TOKEN), "A token", "TKN")).output[12:]

    def held(evm: Evm, token: bytes) -> int:
        answer = evm.call(token, calldata("balanceOf(address)", text(PERSON))).output
        return int.from_bytes(answer, "big")

    call = calldata(SEND_TOKENS, text(TOKEN), text(twin), 300, 200_000, b"")
    sent = l1.evm.call(l1.bridge.address, call, sender=PERSON)
    assert topics(derived(l1, l2, sent))[-1] == RELAYED
    assert (held(l1.evm, TOKEN), held(l2, twin)) == (700, 300)
    back = calldata("withdraw(address,uint256,uint32,bytes)", text(twin), 120, 200_000, b"")
    outcome = finalized(l1, l2, l2.call(BRIDGE, back, sender=PERSON))
    assert RELAYED in topics(outcome)
    assert (held(l1.evm, TOKEN), held(l2, twin)) == (820, 180)
    assert l1.bridge.read("deposits", text(TOKEN), text(twin)) == 180


@pytest.mark.parametrize("size", [0, 1_000, 24_000])
def test_the_gas_that_is_bought_on_the_l1_is_enough_on_the_l2(
    l1: Stack, l2: Evm, size: int
) -> None:
    sent = l1.messenger.send("sendMessage", text(b"\x33" * 20), b"\x01" * size, 0, sender=PERSON)
    assert topics(derived(l1, l2, sent)) == [RELAYED]


@pytest.mark.parametrize("size", [0, 1_000, 24_000])
def test_the_gas_that_is_named_on_the_l2_is_enough_on_the_l1(
    l1: Stack, l2: Evm, size: int
) -> None:
    call = calldata("sendMessage(address,bytes,uint32)", text(b"\x33" * 20), b"\x01" * size, 0)
    outcome = finalized(l1, l2, l2.call(MESSENGER, call, sender=PERSON))
    assert RELAYED in topics(outcome)
