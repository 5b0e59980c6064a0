"""The sixteen laws of attribution, and which tests hold each of them on which form.

Forms: reference and kernel (Python and C of the precompiles), the precompile and its twin on a
chain, and the contracts that ask either of them.  What all forms answer alike is law 11, so a
law that is shown on reference and kernel holds on the chain through 11; the most important are
shown there once more.  Paths are below tests/; `here` is this file.

 1  All shares, and what is carried, add up to the amount.
      reference, kernel  properties/test_apportion.py::test_the_shares_sum_to_the_amount
      reference, kernel  properties/test_cap_floor.py::\
test_all_is_paid_or_carried_and_nobody_gets_less_or_more_than_the_bounds
      reference, kernel  properties/test_payout_tree.py::test_what_all_keep_is_the_amount
      precompile, twin   here::test_the_laws_of_division_hold_on_the_chain
      contracts, both    properties/test_payout_vault_steps.py::\
test_no_order_of_steps_loses_or_makes_a_wei
      contracts, both    here::test_the_largest_pot_by_the_largest_weights_is_divided_to_the_wei
 2  The vault holds what it was given less what it paid: all that it owes and carries.
      contracts, both    properties/test_payout_vault_steps.py::\
test_no_order_of_steps_loses_or_makes_a_wei
      contracts, both    properties/test_attribution_accounts.py::\
test_no_play_of_all_contracts_loses_or_makes_a_wei
      contracts, both    here::test_claims_in_any_order_pay_each_leaf_once_and_leave_nothing
      a derived chain    integration/test_attribution_chain.py::\
test_who_has_only_the_l1_has_every_settlement_root_and_balance
 3  By cascade and Hamilton no share is a wei away from its exact value.
      reference, kernel  properties/test_apportion.py::\
test_no_share_is_a_wei_away_from_its_exact_value
      precompile, twin   here::test_the_laws_of_division_hold_on_the_chain
 4  The order of recipients decides nothing (Hamilton), or a wei, and is fixed (cascade).
      reference, kernel  properties/test_apportion.py::\
test_all_but_the_cascade_pay_by_weight_and_not_by_place
      reference, kernel  properties/test_apportion.py::\
test_a_cascade_in_another_order_moves_at_most_one_wei_a_recipient
      contracts, both    contracts/test_payout_vault.py::\
test_a_list_that_is_not_the_batchs_moves_nothing
 5  Who weighs more gets no less, up to a wei.
      reference, kernel  properties/test_apportion.py::\
test_a_larger_weight_earns_no_less_up_to_a_wei
      precompile, twin   here::test_the_laws_of_division_hold_on_the_chain
 6  By a divisor method a wei more takes none from anybody; by the others it may.
      reference, kernel  properties/test_apportion.py::\
test_a_wei_more_takes_none_from_anybody_by_a_divisor_method
      reference, kernel  properties/test_apportion.py::\
test_a_wei_more_may_take_one_by_a_cascade_and_by_hamilton
      precompile, twin   here::test_the_known_paradoxes_are_those_of_every_form
 7  Two who merge, or one who splits up, move a wei apiece at most.
      reference, kernel  properties/test_apportion.py::\
test_two_who_merge_earn_a_wei_apiece_more_or_less_at_most
      reference, kernel  properties/test_apportion.py::\
test_a_cascade_pays_the_parts_of_a_split_entry_what_the_entry_earned
      contracts, both    here::test_splitting_up_earns_nothing_from_the_vault
 8  Who weighs nothing gets nothing.
      reference, kernel  properties/test_apportion.py::test_a_zero_weight_earns_nothing
      precompile, twin   here::test_the_laws_of_division_hold_on_the_chain
 9  Nothing overflows at the largest amounts and weights.
      reference, kernel  unit/precompiles/test_refusals.py::test_the_bounds_themselves_are_accepted
      reference, kernel  properties/test_sum_tree.py::test_sums_stop_at_the_edge_of_128_bits
      contracts, both    here::test_the_largest_pot_by_the_largest_weights_is_divided_to_the_wei
10  The gas of a call covers its work at the worst input, and depends on no state.
      precompile         unit/precompiles/calibration/test_report.py::\
test_every_price_covers_the_worst_input_that_is_found
      precompile         unit/precompiles/test_gas.py::\
test_gas_depends_on_sizes_and_not_on_the_values_divided
      precompile         here::test_the_price_of_a_call_is_the_same_on_every_state
      state precompile   unit/node/evm/test_state_precompile.py::\
test_gas_is_the_base_and_that_of_the_loops_own_opcodes
11  Reference, kernel, precompile and twin answer alike, refusals too.
      all four           contracts/test_attribution_math.py::test_all_refuse_with_the_same_bytes
      all four           contracts/test_attribution_trees.py::test_all_refuse_with_the_same_bytes
      all four           contracts/test_attribution_evidence.py::\
test_all_refuse_with_the_same_bytes
      contracts, both    contracts/test_attribution_refusals.py::\
test_the_right_call_is_taken_and_a_wrong_one_changes_nothing
      all four           contracts/test_attribution_math.py::test_all_divide_alike
      all four           contracts/test_attribution_math.py::\
test_all_agree_on_bytes_changed_cut_or_added
      all four           contracts/test_attribution_math.py::test_all_agree_on_noise
      all four           contracts/test_attribution_trees.py::test_all_settle_alike
      all four           contracts/test_attribution_trees.py::\
test_all_agree_on_bytes_changed_cut_or_added
      all four           contracts/test_attribution_evidence.py::\
test_all_agree_on_bytes_changed_cut_or_added
      contracts, both    integration/test_attribution_chain.py::\
test_all_chains_tell_the_same_whoever_computes
      vault              contracts/test_payout_vault.py::\
test_the_state_precompile_leaves_the_storage_that_the_loop_leaves
12  In chunks comes out what comes out at once.
      reference, kernel  properties/test_apportion.py::\
test_chunks_of_a_cascade_pay_what_it_pays_at_once
      reference, kernel  properties/test_sum_tree.py::test_settled_in_chunks_is_settled_at_once
      all four           contracts/test_attribution_trees.py::test_all_settle_chunks_alike
      contracts, both    contracts/test_payout_vault_chunks.py::\
test_chunks_of_any_size_end_where_one_piece_ends
13  Claims may come in any order, and each is paid once.
      contracts, both    here::test_claims_in_any_order_pay_each_leaf_once_and_leave_nothing
      contracts, both    contracts/test_payout_vault_claims.py::\
test_who_claims_again_while_it_is_paid_gets_nothing_more
14  What the state precompile wrote goes with a revert, without gas, and in static calls.
      both engines       unit/node/evm/test_state_precompile.py::\
test_a_frame_that_fails_takes_its_credits_back
      both engines       unit/node/evm/test_state_precompile.py::\
test_out_of_gas_takes_all_of_it_and_undoes_every_word
      both engines       unit/node/evm/test_state_precompile.py::\
test_within_a_static_call_an_ordinary_call_is_refused_too
      a rollup           integration/test_attribution_chain.py::\
test_a_settlement_that_is_undone_leaves_nothing_behind
15  The L2, derived again from the L1, has the same settlements and roots.
      a rollup           integration/test_attribution_chain.py::\
test_who_has_only_the_l1_has_every_settlement_root_and_balance
      a rollup           integration/test_state_precompile.py::\
test_credits_are_written_where_it_is_on_and_verifiers_follow
16  Every lie of the seven kinds is slashed, and no honest record is.
      library            properties/test_attribution_faults.py::\
test_every_other_evidence_has_a_fault
      verifiers, both    properties/test_attribution_challenges.py::\
test_each_mutation_is_proven_for_its_reason
      contracts, both    properties/test_attribution_campaign.py::\
test_a_lie_about_a_record_costs_the_bond_and_the_truth_stands
      contracts, both    properties/test_attribution_campaign.py::\
test_a_dataset_that_is_none_is_condemned_and_costs_its_registrant_its_bond
      contracts, both    properties/test_attribution_campaign.py::\
test_payouts_that_are_not_the_sums_cost_the_bond
      contracts, both    properties/test_attribution_campaign.py::\
test_who_does_not_settle_in_time_is_slashed_and_the_fees_stay_with_the_model
      contracts, both    properties/test_attribution_campaign.py::\
test_what_nobody_can_publish_costs_the_bond_of_who_committed_to_it
      contracts, both    properties/test_attribution_campaign.py::\
test_no_noise_and_nobody_elses_proof_is_held_against_the_honest
      contracts, both    properties/test_attribution_corners.py::\
test_honest_answers_of_odd_shape_stand_and_are_paid_to_the_wei
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from eth_abi.abi import decode
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.node.contracts import addresses
from byline.node.contracts.attribution_predeploys import Backend
from byline.precompiles import ATTRIBUTION_MATH
from byline.precompiles.math import (
    ADAMS,
    CASCADE,
    DHONDT,
    HAMILTON,
    METHODS,
    WEBSTER,
    encode_call,
)
from tests.contracts.attribution_family import family
from tests.contracts.quick import Quick
from tests.contracts.vault_world import ACCUMULATOR, CREDIT, PUSH, ROOT, Entries, World, world
from tests.properties.test_apportion import MOST_AMOUNT, MOST_WEIGHT, amounts, weight_lists

FORMS = {"precompile": ATTRIBUTION_MATH, "twin": addresses.ATTRIBUTION_MATH}
OWNER = b"\x0a" * 20
CROWD = tuple(bytes([number]) * 20 for number in range(0x41, 0x49))
DIVISORS = (WEBSTER, DHONDT, ADAMS)
GAS = 100_000_000
few = settings(max_examples=20)


@cache
def chain() -> Quick:
    """Return a chain that has both forms of the math."""
    return family().evm


def shares(form: str, method: int, amount: int, weights: Sequence[int]) -> list[int]:
    outcome = chain().call(FORMS[form], encode_call(method, amount, weights), gas=GAS)
    assert outcome.success, outcome.output
    return list(decode(["uint128[]"], outcome.output)[0])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
@given(amount=amounts, weights=weight_lists())
@few
def test_the_laws_of_division_hold_on_the_chain(
    form: str, method: int, amount: int, weights: list[int]
) -> None:
    found = shares(form, method, amount, weights)
    total = sum(weights)
    assert sum(found) == amount
    for weight, share in zip(weights, found, strict=True):
        assert weight or not share
        if method in (CASCADE, HAMILTON):
            assert abs(share - Fraction(amount * weight, total)) < 1
    by_weight = sorted(zip(weights, found, strict=True))
    best = 0
    for (before, _), (weight, _) in pairwise(by_weight):
        best = max([best, *(share for other, share in by_weight if other == before)])
        if before < weight:
            least = min(share for other, share in by_weight if other == weight)
            assert least >= best - (method == CASCADE)


@pytest.mark.parametrize("form", FORMS)
def test_the_known_paradoxes_are_those_of_every_form(form: str) -> None:
    """A wei more for all is a wei less for one; the divisor methods know no such case."""
    cases = [
        (CASCADE, 1, [1, 1, 1], [0, 0, 1], [0, 1, 1]),
        (CASCADE, 3, [2, 3, 2], [0, 2, 1], [1, 1, 2]),
        (HAMILTON, 10, [6, 6, 2], [4, 4, 2], [5, 5, 1]),
    ]
    for method, amount, weights, before, after in cases:
        assert shares(form, method, amount, weights) == before
        assert shares(form, method, amount + 1, weights) == after
        for divisor in DIVISORS:
            less, more = (shares(form, divisor, amount + at, weights) for at in (0, 1))
            assert all(a <= b for a, b in zip(less, more, strict=True))


@pytest.mark.parametrize("form", FORMS)
def test_the_price_of_a_call_is_the_same_on_every_state(form: str) -> None:
    """Of an untouched chain, of one on which all accounts are warm or rich, of any caller."""
    data = encode_call(HAMILTON, 10**18, list(range(1, 50)))
    used = {chain().call(FORMS[form], data, sender=who).gas_used for who in (*CROWD, OWNER)}
    other = family(Backend.TWIN).evm
    other.set(FORMS[form], storage=dict.fromkeys(range(4), 1), balance=10**18)
    used.add(other.call(FORMS[form], data).gas_used)
    assert len(used) == 1


@pytest.mark.parametrize("mode", [PUSH, CREDIT, ACCUMULATOR, ROOT])
@pytest.mark.parametrize("backend", Backend)
def test_the_largest_pot_by_the_largest_weights_is_divided_to_the_wei(
    mode: int, backend: Backend
) -> None:
    """All but one unit of the weights that 64 bits hold, and all of a payout's 128 bits."""
    weights = (MOST_WEIGHT - 7, 1, 0, 1, 2, 0, 1, 2)
    assert sum(weights) == MOST_WEIGHT
    crowd: Entries = tuple(zip(CROWD, weights, strict=True))
    for method in (CASCADE, HAMILTON, WEBSTER):
        w = world(backend, policy={"platform": 0, "model": 0, "stakers": 0, "contributors": 10**4})
        w.evm.set(addresses.INFERENCE_LEDGER, balance=2**130)
        batch = w.deposit(model := w.model(OWNER, mode=mode, method=method), crowd, MOST_AMOUNT)
        outcome = w.settle(batch, crowd)
        assert outcome.success, w.vault.error(outcome)
        if mode != ACCUMULATOR:
            used = w.vault.read("settlement", batch)[2]
            expected = dict(w.shares(crowd, MOST_AMOUNT, used))
        else:
            unit = MOST_AMOUNT // MOST_WEIGHT
            expected = {who: weight * unit for who, weight in crowd}
        left = MOST_AMOUNT - sum(taken(w, mode, model, batch, crowd, who) for who in CROWD)
        assert left == w.balance() == MOST_AMOUNT - sum(expected.values())
        assert {who: w.evm.balance(who) for who in CROWD} == expected


def taken(w: World, mode: int, model: int, batch: int, crowd: Entries, who: bytes) -> int:
    """Let somebody take what is theirs, and return all that they have got."""
    if mode == CREDIT:
        w.vault.send("withdraw", sender=who)
    elif mode == ACCUMULATOR:
        w.vault.send("claimAccrued", model, sender=who)
    elif mode == ROOT:
        method, pot = w.vault.read("settlement", batch)[2], w.pot(batch)
        at = [one for one, _ in crowd].index(who)
        tree = w.claims(crowd, pot, method)
        amount = dict(w.shares(crowd, pot, method))[who]
        w.vault.send("claim", batch, at, amount, tree.proof(at), sender=who)
    return w.evm.balance(who)


@pytest.mark.parametrize("backend", Backend)
@given(
    weights=st.lists(st.integers(0, 2**40), min_size=1, max_size=7).filter(sum),
    pot=st.integers(1, 2**100),
    data=st.data(),
)
@few
def test_splitting_up_earns_nothing_from_the_vault(
    backend: Backend, weights: list[int], pot: int, data: st.DataObject
) -> None:
    """Who takes part under two neighbouring names gets to the wei what it gets under one."""
    at = data.draw(st.integers(0, len(weights) - 1))
    part = data.draw(st.integers(0, weights[at]))
    apart = [*weights[:at], part, weights[at] - part, *weights[at + 1 :]]
    names = [*CROWD[: at + 1], *CROWD[at + 2 :]]
    earned = []
    for people, given_ in ((names, weights), (CROWD, apart)):
        w = world(backend)
        crowd = tuple(zip(people, given_, strict=False))
        batch = w.deposit(w.model(OWNER, mode=CREDIT), crowd, pot)
        assert w.settle(batch, crowd).success
        earned.append({who: int(w.vault.read("creditOf", who)) for who in CROWD})
    together, parts = earned
    assert parts.pop(CROWD[at]) + parts.pop(CROWD[at + 1]) == together.pop(CROWD[at])
    together.pop(CROWD[at + 1])
    assert parts == together


@pytest.mark.parametrize("backend", Backend)
@given(
    weights=st.lists(st.integers(0, 2**30), min_size=8, max_size=8).filter(sum),
    pots=st.lists(st.integers(10, 2**90), min_size=1, max_size=2),
    order=st.permutations(range(16)),
    method=st.sampled_from([CASCADE, HAMILTON]),
)
@few
def test_claims_in_any_order_pay_each_leaf_once_and_leave_nothing(
    backend: Backend, weights: list[int], pots: list[int], order: list[int], method: int
) -> None:
    crowd: Entries = tuple(zip(CROWD, weights, strict=True))
    w = world(backend)
    for who in CROWD:
        w.evm.set(who, balance=0)
    model = w.model(OWNER, mode=ROOT, method=method)
    batches = [w.deposit(model, crowd, pot) for pot in pots]
    for batch in batches:
        assert w.settle(batch, crowd).success
    trees = {batch: w.claims(crowd, w.pot(batch), method) for batch in batches}
    paid = {batch: dict(w.shares(crowd, w.pot(batch), method)) for batch in batches}
    held = w.balance()
    for turn in order + order:
        batch, at = batches[turn // 8 % len(batches)], turn % 8
        who = CROWD[at]
        amount = paid[batch][who]
        before, known = w.evm.balance(who), w.vault.read("claimed", batch, at)
        leaf = (batch, at, amount, trees[batch].proof(at))
        many = turn % 3 == 0
        outcome = (
            w.vault.send("claimMany", [leaf], sender=who)
            if many
            else w.vault.send("claim", *leaf, sender=who)
        )
        if known:
            assert w.vault.error(outcome) == "AlreadyClaimed"
            assert w.evm.balance(who) == before
        else:
            assert outcome.success, w.vault.error(outcome)
            assert w.evm.balance(who) == before + amount
            held -= amount
        assert w.balance() == held
    for who in CROWD:
        assert w.evm.balance(who) == sum(paid[batch][who] for batch in batches)
    assert [w.vault.read("progress", batch)[2] for batch in batches] == [0] * len(batches)


TABLE = re.compile(r"^ *(.*?)  +(here|[a-z_0-9/]+\.py)::(test_\w+)$", re.MULTILINE)


def test_every_test_of_the_table_is_there() -> None:
    assert __doc__ is not None
    folder = Path(__file__).parents[1]
    rows = TABLE.findall(__doc__)
    assert len(rows) == __doc__.count("::")
    for _, where, name in rows:
        path = Path(__file__) if where == "here" else folder / where
        tree = ast.parse(path.read_text())
        found = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        assert name in found, f"{path} has no {name}"


def test_every_law_has_tests() -> None:
    assert __doc__ is not None
    laws = re.split(r"^ ?(\d+)  ", __doc__, flags=re.MULTILINE)[1:]
    numbers, texts = laws[::2], laws[1::2]
    assert list(map(int, numbers)) == list(range(1, 17))
    assert all("::test_" in text for text in texts)
