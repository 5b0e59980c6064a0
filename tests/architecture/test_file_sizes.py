"""A file holds one concept: over 400 lines it wants a reason, which is given here."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("derivation", "node", "precompiles", "rpc", "tests")
SUFFIXES = (".py", ".pyx", ".pyi", ".vy")

WANTS_A_REASON = 400
"""Lines."""
TOO_LONG = 700
"""Lines beyond which no reason counts."""

REASONS = {
    "tests/properties/money_play.py": "the rules of one random play: withdrawals, games, payment",
    "tests/properties/money_sending.py": "the rules of the same play: deposits and messages",
    "derivation/kernels/_trie_c.pyx": "one class: every case of setting and of deleting a key",
    "node/attribution/proof/challenges.py": "one dataclass for each kind, and how it is encoded",
    "node/contracts/attribution/AttributionMath.vy": "one dispatch: a loop a rule, in three sizes",
    "node/contracts/attribution/ChallengeVerifier.vy": "one contract, a function for each kind",
    "node/contracts/attribution/PayoutVerifier.vy": "one contract, a function for each kind",
    "node/contracts/l1/DevnetDisputeGame.vy": "one contract, half of it getters",
    "node/contracts/l1/OptimismPortal.vy": "one contract, with the interface that clients know",
    "node/contracts/l1/SystemConfig.vy": "one contract, with the interface that clients know",
    "node/evm/fast/_interpreter_c.pyx": "one loop over all opcodes, by their numbers",
    "node/evm/fast/_state_c.pyx": "every change of state beside the way it is undone",
    "node/evm/fast/_word_c.pyx": "one kind of number, each operation of the EVM on it",
    "node/rollups/rollup.py": "all that changes a chain, wherever the L1 is",
    "rpc/backend.py": "the Protocols that a node implements: declarations, no code",
    "rpc/views.py": "one function a kind of answer, in the words of the JSON-RPC",
    "tests/unit/derivation/test_pipeline.py": "the pipeline's rules, each seen to fail alone",
    "tests/unit/node/chain/test_mempool.py": "every rule of the pool, and every refusal",
    "tests/unit/rpc/fakes.py": "one fake for each Protocol of rpc/backend.py",
    "tests/unit/rpc/test_namespaces.py": "the methods, one test each",
    "tests/unit/rpc/test_server.py": "every way in which a client can misbehave",
    "tests/scenarios/test_batches.py": "one scenario of op-node a test",
    "tests/scenarios/test_epochs.py": "one scenario of op-node a test",
}


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def sizes() -> dict[str, int]:
    return {
        str(path.relative_to(ROOT)): lines(path)
        for part in PARTS
        for path in (ROOT / part).rglob("*")
        if path.suffix in SUFFIXES
    }


def without_reason(found: dict[str, int], reasons: dict[str, str]) -> dict[str, int]:
    """Return the files that are long for no reason, or too long for any."""
    return {
        name: size
        for name, size in found.items()
        if size > TOO_LONG or (size > WANTS_A_REASON and name not in reasons)
    }


def test_no_file_is_long_without_a_reason() -> None:
    found = sizes()
    assert len(found) > 100
    wrong = without_reason(found, REASONS)
    assert not wrong, (
        f"{wrong} lines: part what holds two concepts; what is one concept gets a line in "
        f"REASONS (up to {TOO_LONG} lines)"
    )


@pytest.mark.parametrize("name", REASONS)
def test_a_reason_is_given_for_a_file_that_is_there(name: str) -> None:
    assert (ROOT / name).is_file(), f"{name} is gone: take its line out of REASONS"


def test_most_files_are_short() -> None:
    """The median is what readers meet; see CONTRIBUTING.md."""
    ordered = sorted(sizes().values())
    assert ordered[len(ordered) // 2] <= 250


def test_the_guard_sees_long_files() -> None:
    found = {"a.py": 401, "b.py": 400, "c.py": 701, "d.py": 500}
    assert without_reason(found, {"c.py": "x", "d.py": "y"}) == {"a.py": 401, "c.py": 701}
