"""What all tests share."""

from pathlib import Path

import pytest
from vyper import compile_code
from web3 import HTTPProvider, Web3

from byline.node import ManualClock

GENESIS_TIME = 1_700_000_000


@pytest.fixture(scope="session")
def byline_settings():
    """Let ether pay for gas, and the chains begin at the same time in every run."""
    return {"gas_token": "eth", "genesis_time": GENESIS_TIME}


@pytest.fixture(scope="session")
def byline_clock():
    """Let time stand still unless a block is made or a test moves it."""
    return ManualClock(GENESIS_TIME)


@pytest.fixture(scope="module")
def deployed(byline_devnet, byline_accounts):
    """Deploy the jar once, by the first account; return its address and ABI."""
    made = compile_code(
        (Path(__file__).parent / "TipJar.vy").read_text(), output_formats=["abi", "bytecode"]
    )
    w3 = Web3(HTTPProvider(byline_devnet.l2.url))
    jar = w3.eth.contract(abi=made["abi"], bytecode=made["bytecode"])
    sent = jar.constructor().transact({"from": byline_accounts[0].address})
    return w3.eth.wait_for_transaction_receipt(sent)["contractAddress"], made["abi"]


@pytest.fixture
def jar(w3, deployed):
    """Return the jar, for a test that may do with it what it likes."""
    address, abi = deployed
    return w3.eth.contract(address=address, abi=abi)
