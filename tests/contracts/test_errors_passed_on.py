"""A contract's ABI names the errors of others that reach its callers."""

from __future__ import annotations

import pytest

from byline.node.contracts.artifacts import load
from byline.node.contracts.declarations import signature


def errors(name: str) -> set[str]:
    return {signature(dict(entry)) for entry in load(name).abi if entry["type"] == "error"}


@pytest.mark.parametrize("verifier", ["ChallengeVerifier", "PayoutVerifier"])
def test_the_ledger_names_what_its_verifiers_refuse(verifier: str) -> None:
    assert errors(verifier) <= errors("InferenceLedger")


def test_the_ledger_names_what_a_bond_refuses_to_lock() -> None:
    assert "NotFree(uint256,uint256)" in errors("ContributorBond") & errors("InferenceLedger")
