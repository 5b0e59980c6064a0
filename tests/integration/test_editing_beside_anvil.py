"""What edits state answers, and leaves behind, on both ports as on the real anvil."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from byline.node.contracts import artifacts
from tests.anvils import running_anvil
from tests.devnets import call
from tests.integration.rollups import BOB, world
from tests.integration.serving import served

WHO, OTHER, TOKEN = ("0x" + f"{n:02x}" * 20 for n in (0x0A, 0x0B, 0x0C))
TO = "0x" + BOB.address.hex()
TOP = "0x" + "f" * 64
WETH: Final = "0x" + artifacts.load("WETH").runtime.hex()
"""A token whose balances and allowances are in mappings."""
ONE = "0x" + "00" * 31 + "01"
RICH = hex(10**18)


def balance_of(holder: str) -> dict[str, str]:
    return {"to": TOKEN, "data": "0x70a08231" + holder[2:].rjust(64, "0")}


def allowance(owner: str, spender: str) -> dict[str, str]:
    words = owner[2:].rjust(64, "0") + spender[2:].rjust(64, "0")
    return {"to": TOKEN, "data": "0xdd62ed3e" + words}


def transaction(**more: str) -> dict[str, str]:
    return {"from": WHO, "to": TO, "value": "0x1", "gas": "0x7530"} | more


STEPS: Final[tuple[tuple[Any, ...], ...]] = (
    ("anvil_setBalance", WHO, "0x10"),
    ("eth_getBalance", WHO, "latest"),
    ("anvil_setBalance", WHO, 17),
    ("anvil_setBalance", WHO, "18"),
    ("eth_getBalance", WHO, "latest"),
    ("anvil_addBalance", WHO, "0x2"),
    ("hardhat_addBalance", WHO, "0x2"),
    ("tenderly_addBalance", WHO, "0x2"),
    ("eth_getBalance", WHO, "latest"),
    ("tenderly_setBalance", WHO, TOP),
    ("anvil_addBalance", WHO, "0x2"),
    ("eth_getBalance", WHO, "latest"),
    ("anvil_setBalance", WHO, "0x"),
    ("anvil_setBalance", WHO, "nonsense"),
    ("anvil_setBalance", "0x01", "0x1"),
    ("anvil_setBalance", WHO),
    ("anvil_setNonce", WHO, "0x5"),
    ("eth_getTransactionCount", WHO, "latest"),
    ("anvil_setNonce", WHO, "0x2"),
    ("eth_getTransactionCount", WHO, "latest"),
    ("anvil_setCode", OTHER, "0x602a5f5260205ff3"),
    ("eth_getCode", OTHER, "latest"),
    ("eth_call", {"to": OTHER}, "latest"),
    ("anvil_setCode", OTHER, "0x"),
    ("eth_getCode", OTHER, "latest"),
    ("anvil_setCode", OTHER, "0x5"),
    ("anvil_setStorageAt", OTHER, "0x1", ONE),
    ("anvil_setStorageAt", OTHER, ONE, ONE),
    ("anvil_setStorageAt", OTHER, 7, ONE),
    ("eth_getStorageAt", OTHER, "0x1", "latest"),
    ("eth_getStorageAt", OTHER, "0x7", "latest"),
    ("eth_getStorageAt", OTHER, "0x2", "latest"),
    ("anvil_dealERC20", WHO, TOKEN, "0x5"),
    ("anvil_setERC20Allowance", WHO, OTHER, TOKEN, "0x5"),
    ("anvil_setCode", TOKEN, WETH),
    ("anvil_dealERC20", WHO, TOKEN, RICH),
    ("hardhat_dealERC20", OTHER, TOKEN, TOP),
    ("eth_call", balance_of(WHO), "latest"),
    ("eth_call", balance_of(OTHER), "latest"),
    ("anvil_dealERC20", WHO, TOKEN, "0x3"),
    ("eth_call", balance_of(WHO), "latest"),
    ("anvil_setERC20Allowance", WHO, OTHER, TOKEN, "0x7"),
    ("eth_call", allowance(WHO, OTHER), "latest"),
    ("eth_call", allowance(OTHER, WHO), "latest"),
    ("anvil_impersonateAccount", WHO),
    ("anvil_impersonateAccount", WHO),
    ("eth_accounts",),
    ("anvil_stopImpersonatingAccount", WHO),
    ("anvil_stopImpersonatingAccount", WHO),
    ("anvil_autoImpersonateAccount", True),
    ("anvil_autoImpersonateAccount", False),
    ("anvil_autoImpersonateAccount", "yes"),
    ("anvil_setBalance", WHO, RICH),
    ("eth_sendTransaction", transaction()),
    ("anvil_impersonateAccount", WHO),
    ("eth_sendTransaction", transaction()),
    ("eth_sendTransaction", transaction(value=RICH)),
    ("eth_sendTransaction", transaction(nonce="0x0")),
    ("eth_sendTransaction", transaction(to=TOKEN, data="0xd0e30db0", gas="0x186a0")),
    ("evm_mine",),
    ("eth_getTransactionCount", WHO, "latest"),
    ("eth_call", balance_of(WHO), "latest"),
    ("anvil_setCode", WHO, "0x00"),
    ("eth_sendTransaction", transaction()),
    ("evm_mine",),
    ("eth_getTransactionCount", WHO, "latest"),
    ("anvil_stopImpersonatingAccount", WHO),
    ("eth_sendTransaction", transaction()),
    ("eth_sendUnsignedTransaction", transaction()),
    ("evm_mine",),
    ("eth_getTransactionCount", WHO, "latest"),
    ("eth_sign", WHO, "0x1234"),
    ("eth_signTransaction", transaction()),
)
HASHES: Final = frozenset({"eth_sendTransaction", "eth_sendUnsignedTransaction"})


def asked(ask: Callable[..., Any]) -> list[Any]:
    """Return what each step answers; of an error that it is one, of a hash that it is one."""
    found = []
    for method, *params in STEPS:
        try:
            answer = ask(method, *params)
        except RuntimeError:
            answer = "an error"
        if method in HASHES and answer != "an error":
            answer = "a hash"
        found.append(answer)
    return found


@pytest.fixture(scope="module")
def anvils() -> Iterator[list[Any]]:
    with running_anvil() as url:
        yield asked(lambda method, *params: call(url, method, *params))


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_every_step_answers_as_anvil_does(anvils: list[Any], name: str) -> None:
    with served(world(), name) as port:  # type: ignore[arg-type]

        def ask(method: str, *params: Any) -> Any:
            found = port.answer(method, *params)
            if "error" in found:
                raise RuntimeError(found["error"])
            return found["result"]

        ours = asked(ask)
    for step, mine, theirs in zip(STEPS, ours, anvils, strict=True):
        if step[0] == "eth_accounts":
            assert mine[-1] == theirs[-1]
        else:
            assert mine == theirs, step
