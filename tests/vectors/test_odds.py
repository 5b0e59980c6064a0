"""Known answers that stand beside others in a file, and that no test nearer by looks at."""

from __future__ import annotations

from byline.derivation.hashing import keccak256
from byline.derivation.header import Header
from byline.derivation.l1_info import blob_base_fee
from tests.contracts.genuine import pair, predeploy
from tests.derivation_kit import unhex
from tests.vectors_folder import load

SETTERS = {
    "ecotone": "setL1BlockValuesEcotone()",
    "isthmus": "setL1BlockValuesIsthmus()",
    "jovian": "setL1BlockValuesJovian()",
}


def test_the_blob_base_fee_of_each_l1_fork_is_op_nodes() -> None:
    case = load("fees/l1_and_operator_fee.json")["blob_base_fee_fixed_excess"]
    header = Header(excess_blob_gas=case["excess_blob_gas"])
    assert case["expected"].keys() == case["update_fraction"].keys()
    for fork, fraction in case["update_fraction"].items():
        assert blob_base_fee(header, ((0, fraction),)) == case["expected"][fork], fork


def test_the_selectors_of_attributes_are_those_of_their_functions() -> None:
    document = load("l1-attributes/calldata.json")
    for fork, function in SETTERS.items():
        assert keccak256(function.encode())[:4] == unhex(document["selectors"][fork])
    for vector in document["vectors"]:
        name = "setL1BlockValues" if vector["format"] == "bedrock" else vector["format"]
        assert vector["data"].startswith(document["selectors"][name]), vector["format"]


def test_nobody_but_the_depositor_sets_l1_block_and_the_error_is_known() -> None:
    vector = load("l2-predeploys/l1block_jovian_storage.json")
    for evm in pair("L1Block"):
        outcome = evm.call(predeploy("L1Block"), unhex(vector["calldata"]))
        assert not outcome.success
        assert "0x" + outcome.output.hex() == vector["non_depositor_revert"]
