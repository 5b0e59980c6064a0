"""Code on a chain is known again, whatever construction filled in."""

import pytest

from byline.node.messages.code_pattern import pattern_of

IPFS = bytes.fromhex("a2646970667358221220" + "11" * 32 + "64736f6c634300081c0033")
BODY = bytes.fromhex("6080604052") + bytes(range(1, 60))


def test_the_code_itself_fits_and_other_code_does_not() -> None:
    pattern = pattern_of(BODY.hex())
    assert pattern is not None
    assert pattern.fits(BODY)
    assert not pattern.fits(BODY[:-1] + b"\xff")
    assert not pattern.fits(BODY[:-1])
    assert not pattern.fits(b"")


def test_the_hash_over_the_sources_does_not_matter() -> None:
    pattern = pattern_of((BODY + IPFS).hex())
    assert pattern is not None
    assert pattern.fits(BODY + IPFS.replace(b"\x11" * 32, b"\x22" * 32))
    assert not pattern.fits(BODY[:-1] + b"\xff" + IPFS)
    assert not pattern.fits(BODY + IPFS + bytes(32))


def test_immutables_of_solidity_may_be_anything_by_reference_or_by_pushed_zeros() -> None:
    template = BODY + b"\x7f" + bytes(32) + BODY
    filled = BODY + b"\x7f" + b"\xaa" * 32 + BODY
    start = len(BODY) + 1
    for references in ([], [(start, 32)]):
        pattern = pattern_of(template.hex(), references)
        assert pattern is not None
        assert pattern.fits(filled)
        assert not pattern.fits(filled[:-1] + b"\x00")


def test_linked_libraries_and_a_library_s_own_address_may_be_anything() -> None:
    link = "__$" + "ab" * 17 + "$__"
    pattern = pattern_of("0x73" + "00" * 20 + BODY.hex() + "73" + link + BODY.hex())
    assert pattern is not None
    code = b"\x73" + b"\xcc" * 20 + BODY + b"\x73" + b"\xbb" * 20 + BODY
    assert pattern.fits(code)
    assert not pattern.fits(code[:-1] + b"\x00")


def test_immutables_of_vyper_stand_behind_the_code() -> None:
    pattern = pattern_of(BODY.hex())
    assert pattern is not None
    assert pattern.fits(BODY + b"\xaa" * 64)
    assert not pattern.fits(BODY + b"\xaa" * 63)


@pytest.mark.parametrize("text", ["", "0x", "0xzz", "0x1"])
def test_no_code_has_no_pattern(text: str) -> None:
    assert pattern_of(text) is None


def test_references_out_of_the_code_harm_nothing() -> None:
    pattern = pattern_of(BODY.hex(), [(-5, 2), (10**9, 32), (3, -1)])
    assert pattern is not None
    assert pattern.fits(BODY)
