"""The Merkle-Patricia proofs of `lib/merkle_trie.vy` show what py-trie says, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
import rlp
from trie import HexaryTrie
from trie.exceptions import BadTrieProof

from byline.derivation.hashing import keccak256
from tests.contracts.compiled import compiled
from tests.contracts.harness import Contract, Evm, Outcome
from tests.vectors_folder import load

SOURCE = """
from lib import merkle_trie

@external
@pure
def includes(
    key: bytes32, expected: Bytes[33], proof: DynArray[Bytes[544], 65], root: bytes32
) -> bool:
    return merkle_trie._includes(key, expected, proof, root)
"""
PROVER = b"\x9f" * 20


@pytest.fixture(scope="module")
def prover() -> Contract:
    artifact = compiled(SOURCE)
    evm = Evm()
    evm.set(PROVER, code=artifact.runtime)
    return Contract(evm, PROVER, artifact.abi)


def trie_of(content: Mapping[bytes, bytes]) -> HexaryTrie:
    trie = HexaryTrie({}, prune=False)
    for key, value in content.items():
        trie[key] = value
    return trie


def proof_of(trie: HexaryTrie, key: bytes) -> list[bytes]:
    return [rlp.encode(node) for node in trie.get_proof(key)]


def accepts(outcome: Outcome) -> bool:
    return outcome.success and int.from_bytes(outcome.output, "big") == 1


def random_content(source: random.Random, count: int) -> dict[bytes, bytes]:
    return {source.randbytes(32): random_value(source) for _ in range(count)}


def random_value(source: random.Random) -> bytes:
    size = source.choice((1, 1, 2, 20, 32))
    return bytes(rlp.encode(source.randrange(1, 256**size)))


def crowded_content(source: random.Random, count: int) -> dict[bytes, bytes]:
    """Keys that share long prefixes, so that there are extensions and nodes within nodes."""
    stem = source.randbytes(32)
    content = {}
    for _ in range(count):
        shared = source.randrange(20, 32)
        content[stem[:shared] + source.randbytes(32 - shared)] = b"\x01"
    return content


@pytest.mark.parametrize("count", [1, 2, 3, 17, 100, 1_000])
def test_every_value_of_a_random_trie_is_shown(prover: Contract, count: int) -> None:
    source = random.Random(count)
    content = random_content(source, count)
    trie = trie_of(content)
    for key in source.sample(sorted(content), min(count, 12)):
        outcome = prover.send("includes", key, content[key], proof_of(trie, key), trie.root_hash)
        assert accepts(outcome), prover.error(outcome)


@pytest.mark.parametrize("seed", range(6))
def test_extensions_and_nodes_within_nodes_are_followed(prover: Contract, seed: int) -> None:
    source = random.Random(seed)
    content = crowded_content(source, 12)
    trie = trie_of(content)
    sizes = set()
    for key, value in content.items():
        proof = proof_of(trie, key)
        sizes |= {len(node) < 32 for node in proof}
        outcome = prover.send("includes", key, value, proof, trie.root_hash)
        assert accepts(outcome), prover.error(outcome)
    assert sizes == {True, False}


def test_a_key_that_is_absent_is_never_shown(prover: Contract) -> None:
    source = random.Random(7)
    for content in (random_content(source, 300), crowded_content(source, 30)):
        trie = trie_of(content)
        for _ in range(40):
            key = bytearray(source.choice(sorted(content)))
            key[source.randrange(32)] ^= 1 << source.randrange(8)
            if bytes(key) in content:
                continue
            proof = proof_of(trie, bytes(key))
            outcome = prover.send("includes", bytes(key), b"\x01", proof, trie.root_hash)
            assert not accepts(outcome)


def test_another_value_is_answered_with_no(prover: Contract) -> None:
    content = {b"\x11" * 32: b"\x02"}
    trie = trie_of(content)
    proof = proof_of(trie, b"\x11" * 32)
    for value in (b"\x01", b"", b"\x02\x02", b"\x00\x02"):
        assert not prover.read("includes", b"\x11" * 32, value, proof, trie.root_hash)


def mutated(source: random.Random, proof: list[bytes], others: list[bytes]) -> list[bytes]:
    """Return a proof with one to three changes."""
    nodes = list(proof)
    for _ in range(source.choice((1, 1, 2, 3))):
        at = source.randrange(len(nodes)) if nodes else 0
        kind = source.randrange(8)
        if kind == 0 and nodes:
            byte = source.randrange(len(nodes[at]))
            changed = nodes[at][byte] ^ 1 << source.randrange(8)
            nodes[at] = nodes[at][:byte] + bytes([changed]) + nodes[at][byte + 1 :]
        elif kind == 1 and nodes:
            del nodes[at]
        elif kind == 2 and nodes:
            nodes.insert(at, nodes[at])
        elif kind == 3 and nodes:
            nodes[at] = source.choice(others)
        elif kind == 4 and nodes:
            nodes[at] = nodes[at][: source.randrange(len(nodes[at]))] or b"\x80"
        elif kind == 5 and nodes:
            nodes[at] = nodes[at] + source.randbytes(source.choice((1, 2)))
        elif kind == 6:
            source.shuffle(nodes)
        else:
            nodes.append(source.choice(others))
    return nodes


def shown_by_py_trie(root: bytes, key: bytes, proof: list[bytes]) -> bytes:
    """Return the value that the nodes lead to, or nothing."""
    try:
        return bytes(HexaryTrie.get_from_proof(root, key, [rlp.decode(node) for node in proof]))
    except (BadTrieProof, rlp.DecodingError, ValueError, TypeError, AssertionError, IndexError):
        return b""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_tampered_with_is_accepted_only_if_py_trie_agrees(
    prover: Contract, seed: int
) -> None:
    source = random.Random(100 + seed)
    content = random_content(source, 60) if seed % 2 else crowded_content(source, 12)
    trie = trie_of(content)
    keys = sorted(content)
    others = [node for key in keys[:8] for node in proof_of(trie, key)]
    refused = 0
    for _ in range(250):
        key = source.choice(keys)
        proof = mutated(source, proof_of(trie, key), others)
        # The liar may choose the root as well: then its hash says nothing.
        root = keccak256(proof[0]) if proof and source.random() < 0.6 else trie.root_hash
        wanted = source.choice((content[key], b"\x01", random_value(source)))
        if accepts(prover.send("includes", key, wanted, proof, root)):
            assert shown_by_py_trie(root, key, proof) == wanted
        else:
            refused += 1
    assert refused > 150


def test_a_changed_byte_anywhere_in_a_proof_is_noticed(prover: Contract) -> None:
    source = random.Random(9)
    content = random_content(source, 30)
    trie = trie_of(content)
    key = sorted(content)[0]
    proof = proof_of(trie, key)
    assert accepts(prover.send("includes", key, content[key], proof, trie.root_hash))
    for number, node in enumerate(proof):
        for at in range(0, len(node), 3):
            forged = bytearray(node)
            forged[at] ^= 0x41
            nodes = [*proof[:number], bytes(forged), *proof[number + 1 :]]
            assert not accepts(prover.send("includes", key, content[key], nodes, trie.root_hash))


def leaf(path: bytes, value: bytes = b"\x01") -> bytes:
    return bytes(rlp.encode([path, value]))


KEY = bytes(range(32))


def flipped(key: bytes, nibble: int) -> bytes:
    """Return a key with another nibble at that place."""
    number = int.from_bytes(key, "big") ^ 1 << 4 * (63 - nibble)
    return number.to_bytes(32, "big")


@pytest.mark.parametrize("shared", [1, 2, 3, 30, 31, 60, 61, 62])
def test_every_nibble_of_an_extension_and_of_a_leaf_counts(prover: Contract, shared: int) -> None:
    # The root is an extension of `shared` nibbles, above a branch and two leaves with the rest.
    content = {KEY: b"\x01", flipped(KEY, shared): b"\x02"}
    trie = trie_of(content)
    proof = proof_of(trie, KEY)
    assert accepts(prover.send("includes", KEY, b"\x01", proof, trie.root_hash))
    for nibble in range(64):
        if nibble == shared:
            continue
        other = flipped(KEY, nibble)
        assert not accepts(prover.send("includes", other, b"\x01", proof, trie.root_hash))


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (b"\x80", "MerkleTrie: received an unparseable node"),
        (b"\xc0", "MerkleTrie: received an unparseable node"),
        (rlp.encode([b"\x20" + KEY]), "MerkleTrie: received an unparseable node"),
        (rlp.encode([b""] * 18), "MerkleTrie: received an unparseable node"),
        (rlp.encode([b"\x20" + KEY, [b"\x01"]]), "MerkleTrie: received an unparseable node"),
        (rlp.encode([[b"\x20"], b"\x01"]), "MerkleTrie: received an unparseable node"),
        (leaf(b""), "MerkleTrie: received an unparseable node"),
        (leaf(b"\x20" + KEY + b"\x00"), "MerkleTrie: received an unparseable node"),
        (leaf(b"\x20" + KEY) + b"\x00", "MerkleTrie: received an unparseable node"),
        (leaf(b"\x20" + KEY)[:-1], "MerkleTrie: received an unparseable node"),
        (b"\xe2" + leaf(b"\x20" + KEY)[1:], "MerkleTrie: received an unparseable node"),
        # Sizes that are not written in the fewest bytes.
        (b"\xf8\x23\xa1\x20" + KEY + b"\x01", "MerkleTrie: received an unparseable node"),
        (b"\xe4\xa1\x20" + KEY + b"\x81\x01", "MerkleTrie: received an unparseable node"),
        (b"\xfa\x00\x00\x23\xa1\x20" + KEY + b"\x01", "MerkleTrie: received an unparseable node"),
        (b"\xff" * 9 + bytes(60), "MerkleTrie: received an unparseable node"),
        (leaf(b"\x40" + KEY), "MerkleTrie: received a node with an unknown prefix"),
        (leaf(b"\x21" + KEY), "MerkleTrie: received a node with an unknown prefix"),
        (leaf(b"\x20" + KEY, b""), "MerkleTrie: value length must be greater than zero"),
        (
            leaf(b"\x20" + KEY[:31]),
            "MerkleTrie: key remainder must be identical to path remainder",
        ),
        (
            leaf(b"\x20" + KEY[:31] + b"\xee"),
            "MerkleTrie: path remainder must share all nibbles with key",
        ),
        (leaf(b"\x00" + KEY, b"\x01" * 32), "MerkleTrie: ran out of proof elements"),
        (leaf(b"\x00" + KEY, b"\x01" * 33), "MerkleTrie: invalid large internal hash"),
        (leaf(b"\x00" + KEY, b"\x01" * 31), "MerkleTrie: invalid large internal hash"),
    ],
)
def test_a_root_node_that_no_trie_has_is_refused(
    prover: Contract, node: bytes, words: str
) -> None:
    outcome = prover.send("includes", KEY, b"\x01", [node], keccak256(node))
    assert prover.error(outcome) == words


def test_a_branch_below_the_last_nibble_may_hold_the_value(prover: Contract) -> None:
    # No trie with keys of one length has it; the answer is py-trie's nevertheless.
    branch = rlp.encode([b"\x99" * 32] + [b""] * 15 + [b"\x07"])
    above = rlp.encode([b"\x00" + KEY, keccak256(branch)])
    proof = [above, branch]
    assert shown_by_py_trie(keccak256(above), KEY, proof) == b"\x07"
    assert prover.read("includes", KEY, b"\x07", proof, keccak256(above))
    assert not prover.read("includes", KEY, b"\x08", proof, keccak256(above))


def test_a_node_below_32_bytes_lies_within_its_parent_and_is_not_known_by_its_hash(
    prover: Contract,
) -> None:
    short = leaf(b"\x20" + KEY[30:])
    assert len(short) < 32
    within = rlp.encode([b"\x00" + KEY[:30], rlp.decode(short)])
    assert prover.read("includes", KEY, b"\x01", [within, short], keccak256(within))
    hashed = rlp.encode([b"\x00" + KEY[:30], keccak256(short)])
    outcome = prover.send("includes", KEY, b"\x01", [hashed, short], keccak256(hashed))
    assert prover.error(outcome) == "MerkleTrie: invalid internal node hash"


def test_no_node_may_follow_the_value(prover: Contract) -> None:
    root = leaf(b"\x20" + KEY)
    outcome = prover.send("includes", KEY, b"\x01", [root, root], keccak256(root))
    assert prover.error(outcome) == "MerkleTrie: value node must be last node in proof"


def test_an_empty_proof_and_another_root_are_refused(prover: Contract) -> None:
    outcome = prover.send("includes", KEY, b"\x01", [], bytes(32))
    assert prover.error(outcome) == "MerkleTrie: ran out of proof elements"
    outcome = prover.send("includes", KEY, b"\x01", [leaf(b"\x20" + KEY)], bytes(32))
    assert prover.error(outcome) == "MerkleTrie: invalid root hash"


def test_the_withdrawal_of_the_vector_is_shown(prover: Contract) -> None:
    known = load("l1-contracts/l1_e2e_steps.json")["withdrawal"]
    proof = [bytes.fromhex(node[2:]) for node in known["proof"]]
    key = keccak256(bytes.fromhex(known["storage_slot"][2:]))
    root = bytes.fromhex(known["message_passer_storage_root"][2:])
    outcome = prover.send("includes", key, b"\x01", proof, root)
    assert accepts(outcome)
    assert outcome.gas_used < 40_000
