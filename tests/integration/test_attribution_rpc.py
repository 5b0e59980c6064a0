"""`attribution_*` on a chain on which answers were sold, forged, settled and claimed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from byline.node.attribution.corpus import engine_id
from byline.node.attribution.encoding import encode_packed
from byline.node.attribution.evidence import attribute
from byline.node.attribution.tokens import tokenize
from byline.node.contracts import addresses
from tests.attribution_story import (
    FEE,
    OWNERS,
    PAYER,
    QUESTION,
    begin,
)
from tests.integration.attribution_told import WINDOW, Chain, told_chain
from tests.integration.rollups import world
from tests.integration.serving import served

PAID = {"paid": "push", "credited": "credit", "claimed": "nobody has claimed"}
"""What an explanation calls the money of some ways of paying."""


def text(address: bytes) -> str:
    return "0x" + address.hex()


def number(quantity: str) -> int:
    return int(quantity, 16)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with told_chain(tmp_path_factory.mktemp("data")) as found:
        yield found


# -- trace


def test_a_trace_has_the_spans_their_words_and_their_owners(chain: Chain) -> None:
    found = chain.port.result("attribution_trace", 1, QUESTION, hex(FEE))
    evidence = attribute(chain.story.corpus, tokenize(QUESTION))
    assert found["evidenceRoot"] == text(evidence.root)
    assert [span["text"] for span in found["spans"]] == [
        "the quick brown fox jumps over the lazy dog",
        "rain falls on the roof",
    ]
    leaves = [leaf for span in found["spans"] for leaf in span["leaves"]]
    assert [leaf["owner"] for leaf in leaves] == [text(one.owner) for one in evidence.leaves]
    assert [number(leaf["weight"]) for leaf in leaves] == [one.weight for one in evidence.leaves]
    assert leaves[-1]["text"] == "Rain falls on the roof"
    assert leaves[-1]["document"] == 1
    assert [span["count"] for span in found["spans"]] == [3, 1]
    assert sum(number(one["points"]) for one in found["points"]) == FEE // 10**9
    weights = sum(number(one["weight"]) for one in found["owners"])
    assert weights == sum(number(span["weight"]) for span in found["spans"])
    assert found["minLength"] == 3
    assert found["engineId"] == text(engine_id(3))


def test_tokens_are_traced_as_their_text_is(chain: Chain) -> None:
    by_text = chain.port.result("attribution_trace", 1, QUESTION)
    by_tokens = chain.port.result("attribution_trace", 1, list(tokenize(QUESTION)))
    assert by_tokens["evidenceRoot"] == by_text["evidenceRoot"]
    assert by_tokens["tokens"] == by_text["tokens"]
    assert (by_text["points"], by_text["weightsRoot"]) == (None, None)


def test_without_the_contents_a_trace_says_what_it_wants(chain: Chain) -> None:
    error = chain.poor.error("attribution_trace", 1, QUESTION)
    roots = chain.story.corpus.datasets[0].roots
    assert error["code"] == -32000
    assert "dataset 1 is not held here: pass --attribution-data DIR" in error["message"]
    assert text(roots.tokens) in error["message"]


# -- explain


def test_an_explanation_goes_from_the_payment_down_to_the_words(chain: Chain) -> None:
    found = chain.port.result("attribution_explain", 1, 0)
    assert found["batch"]["status"] == "finalized"
    assert found["record"]["payer"] == text(PAYER.address)
    assert number(found["record"]["fee"]) == FEE
    assert found["published"]
    assert found["missing"] == []
    assert found["spans"][1]["leaves"][0]["text"] == "Rain falls on the roof"
    own = {one["owner"]: one for one in found["payouts"]}
    assert set(own) == {text(one.address) for one in OWNERS[:3]}
    settled = found["settlement"]
    assert (settled["mode"], settled["status"]) == ("credit", "settled")
    parts = ("platform", "toOwner", "toStakers", "toAncestors", "pot")
    assert sum(number(settled[one]) for one in parts) == 3 * FEE + number(settled["carried"])
    for one in own.values():
        assert number(one["credited"]) == number(one["batchWei"])
        assert number(one["wei"]) <= number(one["batchWei"])
        assert one["claimed"] == one["paid"] == "0x0"


def test_the_parts_of_all_records_are_what_a_batch_paid(chain: Chain) -> None:
    paid: dict[str, int] = {}
    whole: dict[str, int] = {}
    for index in range(3):
        for one in chain.port.result("attribution_explain", 1, index)["payouts"]:
            paid[one["owner"]] = paid.get(one["owner"], 0) + number(one["wei"])
            whole[one["owner"]] = number(one["batchWei"])
    settled = chain.port.result("attribution_explain", 1, 0)["settlement"]
    assert sum(whole.values()) == number(settled["pot"])
    for owner, amount in whole.items():
        assert amount - 3 < paid[owner] <= amount


def test_what_is_behind_a_root_is_claimed_or_not(chain: Chain) -> None:
    found = chain.port.result("attribution_explain", 2, 0)
    first, *others = sorted(found["payouts"], key=lambda one: one["index"])
    assert first["isClaimed"] is True
    assert number(first["claimed"]) == number(first["batchWei"]) > 0
    assert all(one["isClaimed"] is False and one["claimed"] == "0x0" for one in others)
    left = sum(number(one["batchWei"]) for one in others)
    assert number(found["settlement"]["left"]) == left
    assert number(found["settlement"]["toAncestors"]) > 0


def test_what_is_not_public_is_named_by_its_hashes(chain: Chain) -> None:
    found = chain.port.result("attribution_explain", 4, 0)
    record = found["record"]
    assert (found["published"], found["spans"], found["payouts"]) == (False, None, None)
    assert found["missing"] == [
        {"what": "output", "hash": record["outHash"]},
        {"what": "evidence", "hash": record["evidenceRoot"]},
    ]


def test_without_the_contents_an_explanation_lacks_the_words_alone(chain: Chain) -> None:
    rich = chain.port.result("attribution_explain", 1, 0)
    poor = chain.poor.result("attribution_explain", 1, 0)
    assert [one["what"] for one in poor["missing"]] == ["dataset 1", "dataset 2"]
    assert poor["spans"][0]["text"] is None
    assert [span["weight"] for span in poor["spans"]] == [s["weight"] for s in rich["spans"]]
    assert poor["payouts"] == rich["payouts"]


# -- verify


@pytest.mark.parametrize(("batch", "index"), [(1, 0), (1, 1), (1, 2), (2, 0)])
def test_an_honest_record_has_no_fault(chain: Chain, batch: int, index: int) -> None:
    assert chain.port.result("attribution_verify", batch, index) == {
        "published": True,
        "checked": True,
        "faults": [],
        "batch": {"checked": True, "faults": []},
        "settlement": {"checked": True, "status": "settled", "faults": []},
        "missing": [],
    }


def test_a_forged_record_has_the_fault_that_a_challenge_proves(chain: Chain) -> None:
    found = chain.port.result("attribution_verify", 3, 0)
    assert found["checked"]
    (fault,) = found["faults"]
    assert (fault["kind"], fault["name"], fault["reason"]) == (3, "WRONG_OWNER", "OTHER_OWNER")
    assert found["settlement"] == {"checked": False, "status": None, "faults": []}


def test_what_is_not_public_is_not_checked(chain: Chain) -> None:
    found = chain.poor.result("attribution_verify", 4, 0)
    assert (found["published"], found["checked"], found["faults"]) == (False, False, [])
    assert [one["what"] for one in found["missing"]] == ["output", "evidence"]


def test_without_the_contents_nothing_is_verified(chain: Chain) -> None:
    assert "dataset 1 is not held" in chain.poor.error("attribution_verify", 1, 0)["message"]


# -- metrics, lineage, status


def test_metrics_tell_outside_payers_from_a_models_own_people(chain: Chain) -> None:
    found = chain.port.result("attribution_metrics", 1)
    assert found["answers"] == 4  # the forged one is not void: nobody challenged it
    assert number(found["fees"]) == 4 * FEE
    assert found["payers"]["unique"] == 3
    assert found["payers"]["repeatShare"] == pytest.approx(1 / 3)
    assert found["concentration"]["hhi"] == pytest.approx((1 + 4 + 1) / 16)
    assert found["concentration"]["top1"] == 0.5
    (link,) = found["linkage"]["payers"]
    assert link == {
        "payer": text(OWNERS[1].address),
        "insider": text(OWNERS[1].address),
        "transfers": 0,
    }
    assert number(found["linkage"]["linkedFees"]) == FEE
    assert found["demand"]["externalShare"] == 0.75
    assert number(found["circularity"]["wei"]) > 0
    assert found["duplicates"]["answers"] == 2
    assert found["noise"]["listed"] == [
        {
            "batch": 1,
            "index": 2,
            "payer": text(OWNERS[1].address),
            "fee": hex(FEE),
            "rules": ["self"],
        }
    ]
    badges = {one["name"]: one["noisy"] for one in found["noise"]["badges"]}
    assert badges["concentrated"]
    assert not badges["few payers"]


def test_metrics_of_a_range_count_that_range(chain: Chain) -> None:
    first = chain.port.result("attribution_explain", 1, 0)["batch"]["block"]
    found = chain.port.result("attribution_metrics", 1, hex(first), hex(first))
    assert (found["answers"], found["fromBlock"], found["toBlock"]) == (3, first, first)
    later = chain.port.result("attribution_metrics", 1, hex(first + 1))
    assert (later["answers"], later["payers"]["returning"]) == (1, 1)
    assert chain.port.result("attribution_metrics", 1, "0x0", "0x0")["demand"]["score"] is None


def test_a_lineage_has_the_models_and_their_parts(chain: Chain) -> None:
    found = chain.port.result("attribution_lineage", 2)
    assert [(one["id"], one["kind"], one["part"]) for one in found["models"]] == [
        (1, "model", 0.25),
        (2, "adapter", 0.75),
    ]
    adapter = found["models"][1]
    assert adapter["parents"] == [{"id": 1, "bps": 2500}]
    assert (adapter["lastStep"]["step"], adapter["lastStep"]["loss"]) == (7, 1.5)
    assert [one["id"] for one in adapter["datasets"]] == [1, 2]
    assert number(found["models"][0]["carry"]) > 0


def test_the_status_counts_and_tells_what_is_held(chain: Chain) -> None:
    found = chain.port.result("attribution_status")
    counts = {name: found["counts"][name] for name in ("datasets", "models", "batches", "records")}
    assert counts == {"datasets": 2, "models": 2, "batches": 4, "records": 6}
    assert found["batches"] == {
        "recorded": 2, "void": 0, "finalized": 2, "released": 0, "defaulted": 0,
    }  # fmt: skip
    assert found["contracts"]["PayoutVault"] == text(addresses.PAYOUT_VAULT)
    assert found["settings"]["challengeWindow"] == 600
    assert [one["state"] for one in found["data"]["datasets"]] == ["held", "held"]
    balance = chain.port.result("eth_getBalance", text(addresses.PAYOUT_VAULT), "latest")
    assert found["vault"]["owed"] == balance
    poor = chain.poor.result("attribution_status")["data"]
    assert poor["folder"] is None
    assert [one["state"] for one in poor["datasets"]] == ["absent", "absent"]


@pytest.mark.parametrize("mode", ["push", "credit", "accumulator", "root"])
def test_every_way_of_paying_is_explained_and_checked(tmp_path: Path, mode: str) -> None:
    here = world()
    with served(here, "l2", folder=tmp_path) as port:
        story = begin(here, tmp_path)
        number_of_mode = ("push", "credit", "accumulator", "root").index(mode)
        story.send("AttributionRegistry", "setPolicy", 1, 1, 1, number_of_mode)
        for _ in range(2):
            batch = story.record(1, [story.answer()])
            port.result("evm_increaseTime", WINDOW)
            port.result("evm_mine")
            story.send("InferenceLedger", "finalize", batch)
            if mode != "accumulator" or batch == 1:  # the same list goes on by itself
                packed = encode_packed(story.payouts(story.batches[batch]))
                story.send("PayoutVault", "settle", batch, packed)
            story.publish(batch, 0)
        for batch in (1, 2):
            found = port.result("attribution_verify", batch, 0)["settlement"]
            assert found == {"checked": True, "status": "settled", "faults": []}
            told = port.result("attribution_explain", batch, 0)
            payouts, pot = told["payouts"], number(told["settlement"]["pot"])
            total = sum(number(one["wei"]) for one in payouts)
            assert total <= pot < total + len(payouts) + 1
            paid = {name: sum(number(one[name]) for one in payouts) for name in PAID}
            assert paid == {name: pot if PAID[name] == mode else 0 for name in PAID}
            accrued = sum(number(one["accrued"]) for one in payouts)
            assert (accrued > pot) == (mode == "accumulator")  # of both batches together
