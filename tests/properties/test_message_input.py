"""Whatever stands in a transaction, its line is made, stays one line, and obeys nothing."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline.derivation.hashing import keccak256
from byline.node.evm.console import ConsoleCalls
from byline.node.messages.book import BUILT_IN, Account, Book
from byline.node.messages.console import VYPER_PRINT, console_text, selectors
from byline.node.messages.files import contracts_in
from byline.node.messages.lines import console_lines
from byline.node.messages.reading import Reader
from byline.node.messages.values import MOST_TEXT

READER = Reader(Book(BUILT_IN))
SHIPPED = sorted(READER.book._functions) + sorted(READER.book._errors)
PIECES = st.one_of(
    st.binary(max_size=64),
    st.integers(0, 300).map(lambda number: number.to_bytes(32, "big")),
    st.just(b"\xff" * 32),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace").ljust(32, b"\0")),
)
DATA = st.lists(PIECES, max_size=12).map(b"".join)
SELECTORS = st.one_of(st.sampled_from(SHIPPED), st.binary(max_size=4))
NOBODY = Account("l2", lambda address: b"", lambda address, slot: 0)


@given(SELECTORS, DATA)
def test_any_call_data_are_one_short_line(selector: bytes, data: bytes) -> None:
    found = READER.call(b"\x77" * 20, selector + data, NOBODY)
    assert found.text.isprintable()
    assert len(found.text) < 3 * MOST_TEXT
    json.dumps(dict(found.args))


@given(SELECTORS, DATA, st.booleans())
def test_any_failure_is_one_short_line(selector: bytes, data: bytes, reverted: bool) -> None:
    words = READER.failure(selector + data, "what\never", reverted=reverted)
    assert words.isprintable()
    assert len(words) < 1_000


@given(
    st.one_of(st.sampled_from([*sorted(selectors()), VYPER_PRINT]), st.binary(max_size=4)), DATA
)
def test_any_call_to_the_console_is_read(selector: bytes, data: bytes) -> None:
    text = console_text(selector + data)
    assert text is None or isinstance(text, str)
    (line,) = console_lines(ConsoleCalls((selector + data,), 0), {})
    assert all(part.isprintable() for part in line.text.split("\n"))
    assert all(part.startswith("    ") for part in line.text.split("\n"))
    json.dumps(dict(line.fields))


@given(st.text(max_size=100))
def test_any_text_is_written_to_the_console_as_it_is(text: str) -> None:
    encoded = text.encode("utf-8", "replace")
    data = keccak256(b"log(string)")[:4] + (32).to_bytes(32, "big")
    data += len(encoded).to_bytes(32, "big") + encoded
    assert console_text(data) == encoded.decode()


KEYS = (
    *("abi", "type", "name", "inputs", "components", "contracts", "evm", "object"),
    *("deployedBytecode", "immutableReferences", "start", "length", "bytecode"),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**40), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@given(JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_json_is_an_abi_file_or_refused(
    tmp_path_factory: pytest.TempPathFactory, document: object
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "abi.json"
    path.write_text(json.dumps(document))
    try:
        found = contracts_in(path)
    except ValueError:
        return
    assert all(isinstance(item.name, str) for item in found)
