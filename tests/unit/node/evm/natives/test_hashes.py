"""SHA-256, RIPEMD-160 and identity: as py-evm has them."""

from __future__ import annotations

import random

import pytest

from byline.node.evm.natives.hashes import IDENTITY, RIPEMD160, SHA256
from byline.node.evm.natives.native import Native
from tests.unit.node.evm.natives.pyevm_reference import function

EMPTY = {
    SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    RIPEMD160: "0000000000000000000000009c1185a5c5e9fc54612808977ee8f548b2258d31",
    IDENTITY: "",
}


@pytest.mark.parametrize(("number", "native"), [(2, SHA256), (3, RIPEMD160), (4, IDENTITY)])
def test_the_output_is_that_of_py_evm(number: int, native: Native) -> None:
    reference = function(number)
    chance = random.Random(number)
    for length in (*range(131), 1_000, 4_096):
        data = chance.randbytes(length)
        assert native.run(data) == reference(data)


@pytest.mark.parametrize("native", EMPTY, ids=lambda native: str(native.name))
def test_nothing_has_the_known_hash(native: Native) -> None:
    assert native.run(b"").hex() == EMPTY[native]
