"""A contract on the L2: on its own, with time, and from the L1."""

import pytest
from web3.exceptions import ContractLogicError

from byline.node.bridge.deposits import deposits_of

ETHER = 10**18
DEPOSIT = "depositTransaction(address,uint256,uint64,bool,bytes)"


@pytest.fixture
def owner(byline_accounts):
    return byline_accounts[0].address


@pytest.fixture
def giver(byline_accounts):
    return byline_accounts[1].address


def tip(w3, jar, giver, amount):
    sent = jar.functions.tip().transact({"from": giver, "value": amount})
    return w3.eth.wait_for_transaction_receipt(sent)


@pytest.mark.parametrize("amount", [1, ETHER])
def test_every_test_begins_with_an_empty_jar(w3, jar, giver, amount):
    assert w3.eth.get_balance(jar.address) == 0
    tip(w3, jar, giver, amount)
    assert jar.functions.given(giver).call() == amount


def test_only_the_owner_empties_it(w3, jar, owner, giver):
    tip(w3, jar, giver, ETHER)
    with pytest.raises(ContractLogicError, match="not the owner"):
        jar.functions.empty().transact({"from": giver})
    jar.functions.empty().transact({"from": owner})
    assert w3.eth.get_balance(jar.address) == 0


def test_an_empty_tip_is_refused(jar, giver):
    with pytest.raises(ContractLogicError, match="nothing given"):
        jar.functions.tip().transact({"from": giver})


def test_time_goes_on_when_it_is_told_to(w3, devnet):
    before = w3.eth.get_block("latest")["timestamp"]
    devnet.increase_time(86_400)
    devnet.l2.mine()
    assert w3.eth.get_block("latest")["timestamp"] == before + 86_400


def test_a_deposit_carries_a_call_over(w3, w3_l1, devnet, jar, giver):
    portal = devnet.l1.contracts["OptimismPortal"]
    selector = w3.keccak(text=DEPOSIT)[:4]
    arguments = (jar.address, ETHER, 200_000, False, bytes.fromhex(jar.encode_abi("tip")[2:]))
    types = ["address", "uint256", "uint64", "bool", "bytes"]
    data = selector + w3.codec.encode(types, arguments)

    call = {"from": giver, "to": portal, "value": ETHER, "data": data}
    receipt = w3_l1.eth.wait_for_transaction_receipt(w3_l1.eth.send_transaction(call))

    (deposit,) = deposits_of(receipt, bytes.fromhex(portal[2:]))
    assert w3.eth.get_transaction_receipt(deposit.hash)["status"] == 1
    assert jar.functions.given(giver).call() == ETHER


def test_blocks_become_safe(w3, devnet, jar, giver):
    block = tip(w3, jar, giver, 1)["blockNumber"]
    assert devnet.wait_until_safe(block).number >= block
    assert w3.eth.get_block("safe")["number"] >= block


@pytest.mark.byline_fresh(fork="isthmus")
def test_another_fork_is_a_marker_away(devnet):
    config = devnet.l2.request("optimism_rollupConfig")
    assert config["isthmus_time"] == 0
    assert config.get("jovian_time") is None
