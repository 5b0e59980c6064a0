"""The table of precompiles."""

from __future__ import annotations

import dataclasses

import pytest

from byline.precompiles import ATTRIBUTION_MATH, PRECOMPILES, CustomError, Precompile, table
from byline.precompiles.functions import Function, by_selector

MATH = PRECOMPILES[ATTRIBUTION_MATH]


def test_the_attribution_math_is_at_its_address_under_its_name() -> None:
    assert ATTRIBUTION_MATH.hex() == "000000000000000000000000000000000000a770"
    assert MATH.address == ATTRIBUTION_MATH
    assert MATH.name == "attribution math"


def test_two_precompiles_at_one_address_are_refused_and_both_named() -> None:
    other = dataclasses.replace(MATH, name="impostor")
    with pytest.raises(ValueError, match=r"impostor and attribution math are both at 0x0+a770"):
        table([MATH, other])


def test_an_address_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"oracle: an address has 20 bytes, got 19"):
        Precompile(bytes(19), "oracle", gas=len, run=bytes, summary="")


def test_the_table_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        PRECOMPILES[bytes(20)] = MATH  # type: ignore[index]


def test_a_call_with_value_is_refused_with_the_error_that_solidity_would_encode() -> None:
    # cast sig 'ValueNotAccepted()'
    assert not MATH.accepts_value
    assert MATH.value_refused == CustomError("ValueNotAccepted()").selector
    assert len(MATH.value_refused) == 4


def test_selectors_are_those_of_the_abi() -> None:
    """transfer(address,uint256) and Error(string) are known to everyone."""
    transfer = Function("transfer", (("address", ""), ("uint256", "")), (), len, bytes, "")
    assert transfer.selector.hex() == "a9059cbb"
    assert CustomError("Error(string)").selector.hex() == "08c379a0"


def test_two_functions_with_one_selector_are_refused() -> None:
    """The signatures collide in their first four bytes, which is why the check exists."""
    burn = Function("burn", (("uint256", ""),), (), len, bytes, "")
    clash = Function("collate_propagate_storage", (("bytes16", ""),), (), len, bytes, "")
    assert burn.selector == clash.selector
    with pytest.raises(ValueError, match=r"collate_propagate_storage\(bytes16\).*burn\(uint256\)"):
        by_selector([burn, clash])


def test_the_abi_lists_the_function_and_every_error() -> None:
    entries = {entry["name"]: entry for entry in MATH.abi()}
    assert [i["type"] for i in entries["apportion"]["inputs"]] == ["uint8", "uint128", "uint64[]"]
    assert entries["apportion"]["stateMutability"] == "pure"
    assert [i["type"] for i in entries["TooManyRecipients"]["inputs"]] == ["uint256"]
    assert entries["ZeroWeight"]["inputs"] == []
    errors = {name for name, entry in entries.items() if entry["type"] == "error"}
    assert errors == {
        "ValueNotAccepted",
        "MalformedInput",
        "UnknownSelector",
        "TooManyRecipients",
        "UnknownMethod",
        "WeightOverflow",
        "ZeroWeight",
        "BadBps",
        "ZeroTemperature",
        "ZeroHalfLife",
        "LengthMismatch",
        "NotAscending",
        "RaggedEntries",
        "NoRecipients",
        "IndexOverflow",
        "TooManyNodes",
        "TooManyEdges",
        "BadTree",
    }
