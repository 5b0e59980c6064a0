import random

import pytest
from eth_account.hdaccount import seed_from_mnemonic
from eth_account.hdaccount.deterministic import HDPath
from eth_keys.datatypes import PrivateKey
from eth_utils.address import to_checksum_address

from byline.node.accounts import TEST_MNEMONIC, dev_account
from byline.node.keys import address_of, derive_key, seed_of, sign
from byline.rpc.quantities import checksummed

PATHS = ["m", "m/0", "m/44'/60'/0'/0/0", "m/44'/60'/2'/901/11", "m/2147483647'/1/2147483647"]


def test_seed_is_that_of_eth_account() -> None:
    assert seed_of(TEST_MNEMONIC) == seed_from_mnemonic(TEST_MNEMONIC, "")


@pytest.mark.parametrize("path", PATHS[1:])
@pytest.mark.parametrize("seed", [seed_of(TEST_MNEMONIC), bytes(range(64))])
def test_derived_keys_are_those_of_eth_account(path: str, seed: bytes) -> None:
    assert derive_key(seed, path) == HDPath(path).derive(seed)


def test_the_root_key_is_that_of_the_first_vector_of_bip_32() -> None:
    root = derive_key(bytes.fromhex("000102030405060708090a0b0c0d0e0f"), "m")
    assert root.hex() == "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35"


@pytest.mark.parametrize("path", ["", "44'/60'", "m/", "m/x", "m/-1", "m/2147483648", "m/0''"])
def test_a_malformed_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="key path"):
        derive_key(bytes(64), path)


def test_addresses_and_signatures_are_those_of_eth_keys() -> None:
    chance = random.Random(7)
    for _ in range(50):
        key, digest = chance.randbytes(32), chance.randbytes(32)
        known = PrivateKey(key)
        assert address_of(key) == known.public_key.to_canonical_address()
        assert sign(key, digest) == known.sign_msg_hash(digest).vrs


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32, b"\x01" * 33])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="Secret scalar"):
        address_of(key)
    with pytest.raises(ValueError, match="Secret scalar"):
        sign(key, bytes(32))


def test_addresses_are_checksummed_as_eth_utils_does() -> None:
    for index in range(40):
        address = dev_account(index).address
        assert checksummed(address) == to_checksum_address(address)
