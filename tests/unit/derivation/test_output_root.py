"""The output root is the hash of four words."""

from __future__ import annotations

import pytest

from byline.derivation.output_root import output_root
from tests.vectors_folder import load


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def test_output_root_of_kona() -> None:
    cases = load("output-root/output_root.json")["vectors"]
    assert cases
    for case in cases:
        parts = (case["stateRoot"], case["messagePasserStorageRoot"], case["blockHash"])
        assert output_root(*map(unhex, parts)) == unhex(case["outputRoot"])


def test_genesis_output_root_of_the_devnet() -> None:
    info = load("devnet-901/info.json")
    l2 = info["l2"]
    parts = (l2["state_root"], l2["withdrawals_root"], l2["hash"])
    assert output_root(*map(unhex, parts)) == unhex(info["l2_output_root_genesis"])


@pytest.mark.parametrize("which", range(3))
def test_a_part_of_the_wrong_length_is_named(which: int) -> None:
    parts = [bytes(32)] * 3
    parts[which] = bytes(31)
    name = ("state root", "storage root", "block hash")[which]
    with pytest.raises(ValueError, match=f"{name} has 31 bytes"):
        output_root(*parts)
