"""Every call of the attribution contracts, right, and wrong in all the ways that have a name.

Each call is made on a chain on which it is possible (`tests/attribution_scene.py`), so that
one difference is what it is refused for.  Whatever is refused leaves all storage and all
balances as they were.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from byline.node.attribution.encoding import encode_packed
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_predeploys import Backend
from tests import attribution_calls_ledger, attribution_calls_registry, attribution_calls_vault
from tests.attribution_calling import packed, valued
from tests.attribution_scene import CONTRACTS, MADE_OF, TRUE, Scene, scene
from tests.contracts.ledger_world import SETTLE_WINDOW, WINDOW

ENTRIES = {
    **attribution_calls_registry.ENTRIES,
    **attribution_calls_ledger.ENTRIES,
    **attribution_calls_vault.ENTRIES,
}
"""All that changes anything."""


def writing(contract: str) -> list[dict[str, Any]]:
    """Return the functions of a contract that may change something."""
    changing = ("nonpayable", "payable")
    abi = load(contract).abi
    return [dict(one) for one in abi if one.get("stateMutability") in changing and "name" in one]


def test_every_function_that_changes_anything_is_tried() -> None:
    functions = {f"{name}.{one['name']}" for name in CONTRACTS for one in writing(name)}
    assert functions == set(ENTRIES)


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("name", ENTRIES)
def test_the_right_call_is_taken_and_a_wrong_one_changes_nothing(
    name: str, backend: Backend
) -> None:
    entry = ENTRIES[name]
    on = scene(backend)
    before = on.fingerprint()
    call = entry.good(on)
    outcome = on.send(call)
    assert outcome.success, on.contract(call.contract).error(outcome)
    assert on.fingerprint() != before
    for why, (error, changes) in entry.wrong.items():
        on = scene(backend) if "before" in changes or "later" in changes else ON.get(backend)
        if first := changes.get("before"):
            assert on.send(first(on)).success, why
        good = entry.good(on)
        size = len(good.arguments)
        asked = {
            key % size if isinstance(key, int) else key: valued(on, value)
            for key, value in changes.items()
            if key != "before"
        }
        wrong = good.but(asked)
        if wrong.later:
            on.chain.later(wrong.later)
            wrong = wrong.but({"later": 0})
        before = on.fingerprint()
        outcome = on.send(wrong)
        assert not outcome.success, why
        assert on.contract(wrong.contract).error(outcome) == error, why
        assert outcome.logs == (), why
        assert on.fingerprint() == before, why


class Kept:
    """One scene for each back end, for calls that change nothing."""

    def __init__(self) -> None:
        self.scenes: dict[Backend, Scene] = {}

    def get(self, backend: Backend) -> Scene:
        if backend not in self.scenes:
            self.scenes[backend] = scene(backend)
        return self.scenes[backend]


ON = Kept()


def narrow(kind: str) -> bool:
    """Return whether a word of this type has bits that must be zero, or repeat the sign."""
    return kind == "address" or re.fullmatch(r"u?int(8|16|32|64|128)", kind) is not None


@pytest.mark.parametrize("name", ENTRIES)
def test_calldata_that_is_no_encoding_changes_nothing(name: str) -> None:
    """Dirty bits, lengths and offsets beyond everything, words that are missing, ether."""
    contract, function = name.split(".")
    on = scene()
    call = ENTRIES[name].good(on)
    if call.later:
        on.chain.later(call.later)
        call = call.but({"later": 0})
    (found,) = (one for one in writing(contract) if one["name"] == function)
    data, before = on.data(call), on.fingerprint()
    kinds = [one["type"] for one in found["inputs"]]
    bent = {"no selector": data[:3]}
    if kinds:
        bent["a word cut short"] = data[: 4 + 32 * len(kinds) - 1]
        bent["no arguments"] = data[:4]
    for at, kind in enumerate(kinds):
        place = 4 + 32 * at
        if narrow(kind):
            bent[f"dirty bits of {at}"] = data[:place] + b"\x01" + data[place + 1 :]
        elif kind.endswith("]") or kind in ("bytes", "string"):
            offset = 4 + int.from_bytes(data[place : place + 32], "big")
            for length in (2**32, 2**64, 2**255, 2**256 - 1):
                word = length.to_bytes(32, "big")
                bent[f"length {length} of {at}"] = data[:offset] + word + data[offset + 32 :]
    for why, other in bent.items():
        assert not on.send(call, other).success, why
        assert on.fingerprint() == before, why
    if found["stateMutability"] == "nonpayable":
        on.chain.family.evm.set(call.sender, balance=10**20)
        before = on.fingerprint()
        assert not on.send(call.but({"value": 1})).success
        assert on.fingerprint() == before


EMPTY = {"bytes": b"", "string": ""}
LISTED = [
    (f"{contract}.{one['name']}", at)
    for contract in CONTRACTS
    for one in writing(contract)
    for at, given in enumerate(one["inputs"])
    if given["type"].endswith("]") or given["type"] in EMPTY
]
"""Every argument that stands elsewhere in the calldata."""


@pytest.mark.parametrize(("name", "at"), LISTED)
def test_an_argument_that_stands_behind_the_calldata_is_empty_or_refused(
    name: str, at: int
) -> None:
    """Zeros are read there: what comes of it is what comes of an empty argument."""
    contract, function = name.split(".")
    (found,) = (one for one in writing(contract) if one["name"] == function)
    on = scene()
    untouched = on.fingerprint()
    call = ENTRIES[name].good(on)
    empty: Any = EMPTY.get(found["inputs"][at]["type"], [])
    on.send(call.but({at: empty}))
    expected = on.fingerprint()
    for offset in (2**16, 2**32, 2**64, 2**255, 2**256 - 1):
        on = scene()
        data, place = on.data(ENTRIES[name].good(on)), 4 + 32 * at
        word = offset.to_bytes(32, "big")
        outcome = on.send(call, data[:place] + word + data[place + 32 :])
        assert on.fingerprint() == (expected if outcome.success else untouched), offset


@pytest.mark.parametrize("name", ENTRIES)
def test_bytes_behind_the_arguments_mean_nothing(name: str) -> None:
    """As the ABI has it: the call does what it does without them."""
    ends = []
    for more in (b"", bytes(32), b"\xff" * 33):
        on = scene()
        call = ENTRIES[name].good(on)
        outcome = on.send(call, on.data(call) + more)
        assert outcome.success
        ends.append((outcome.logs, outcome.output, on.fingerprint()))
    assert ends[0] == ends[1] == ends[2]


def test_the_scene_has_two_owners_of_equal_parts() -> None:
    assert [part for _, part in TRUE.points] == [500, 500]
    assert encode_packed(TRUE.points) == packed((0, 500), (1, 500))(scene())
    assert MADE_OF.total == 11
    assert (WINDOW, SETTLE_WINDOW) == (600, 3600)
