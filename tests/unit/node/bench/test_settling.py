"""The settlements that the bench measures pay who they say they pay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from byline.node.attribution.states import MODES
from byline.node.bench import settling
from byline.node.bench.effort import QUICK, Bench
from byline.node.bench.settling import CHUNK, POT, Settled
from byline.node.bench.settling_chain import (
    PRECOMPILE,
    TWIN,
    SettlingChain,
    Spent,
    settling_chain,
)
from byline.node.evm.engines import DEFAULT
from byline.precompiles.math.sum_tree import SumTree


@pytest.fixture(scope="module")
def chain() -> Iterator[SettlingChain]:
    with settling_chain(DEFAULT) as found:
        yield found


def test_the_vaults_stand_on_different_back_ends(chain: SettlingChain) -> None:
    assert chain.read(PRECOMPILE, "siblings")[0] != chain.read(TWIN, "siblings")[0]


@pytest.mark.parametrize("mode", MODES)
def test_a_measured_batch_is_settled_and_its_money_taken(chain: SettlingChain, mode: str) -> None:
    line, claims = settling._measured(chain, PRECOMPILE, mode, 10)
    gas, again, *_ = line.figures
    assert gas
    assert again
    assert chain.read(PRECOMPILE, "settled", chain.batches)
    assert gas * 10 > 21_000 + 10 * 448
    assert len(claims) == {"push": 0, "credit": 1, "accumulator": 2, "root": 1}[mode]


def test_long_lists_are_settled_in_chunks_to_the_last(chain: SettlingChain) -> None:
    somebody = chain.people[0]
    entries = settling._entries(TWIN, "root", CHUNK["root"] + 5, somebody, extra=0)
    done = settling._settled(chain, TWIN, "root", entries)
    assert (len(done.spent.gas), done.recipients) == (2, len(entries))
    tree, _ = settling._owed(entries)
    row = chain.read(TWIN, "settlement", done.batch)
    assert row[3:5] == (POT, tree.root.root)


def test_figures_are_of_what_was_measured() -> None:
    some = Settled(1, 0, Spent((100, 300), 0.5), 40)
    assert (some.gas, some.microseconds) == (10, 0.5 / 40 * 1e6)


def test_a_list_names_everybody_once_and_in_order(chain: SettlingChain) -> None:
    entries = settling._entries(TWIN, "push", 300, chain.people[0], extra=1)
    assert [who for who, _ in entries] == sorted({who for who, _ in entries})
    assert SumTree(entries).root.count == 300


@pytest.mark.slow
def test_the_quick_bench_gives_both_tables() -> None:
    costs, claims = settling.settling(Bench(QUICK))
    assert len(costs.lines) == 2 * len(MODES) * len(settling.QUICK_SIZES)
    assert {line.who for line in claims.lines} == {PRECOMPILE, TWIN}
