"""What is signed for our contracts is what wallets sign."""

from __future__ import annotations

from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.node.eip712 import Domain, digest, signature, struct_hash

KEY = b"\x21" * 32
KIND = keccak256(b"Mail(address who,bytes32 what,uint64 number)")


@given(
    domain=st.builds(
        Domain,
        name=st.text(st.characters(codec="utf-8"), max_size=40),
        version=st.text("0123456789.", max_size=3),
        chain_id=st.integers(0, 2**256 - 1),
        contract=st.binary(min_size=20, max_size=20),
    ),
    who=st.binary(min_size=20, max_size=20),
    what=st.binary(min_size=32, max_size=32),
    number=st.integers(0, 2**64 - 1),
)
@settings(max_examples=30)
def test_wallets_sign_the_same_bytes(domain: Domain, who: bytes, what: bytes, number: int) -> None:
    theirs = Account.from_key(KEY).sign_typed_data(
        {
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        {
            "Mail": [
                {"name": "who", "type": "address"},
                {"name": "what", "type": "bytes32"},
                {"name": "number", "type": "uint64"},
            ]
        },
        {"who": who, "what": what, "number": number},
    )
    found = digest(domain.separator(), struct_hash(KIND, who, what, number))
    assert bytes(theirs.message_hash) == found
    assert bytes(theirs.signature) == signature(KEY, found)
