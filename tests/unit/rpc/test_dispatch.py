from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.rpc.limits import Limits
from tests.unit.rpc.client import call_body, client, run
from tests.unit.rpc.fakes import BREAKS, CHAIN_ID

CLIENT = client()


def handle(body: bytes, limits: Limits | None = None) -> Any:
    async def work() -> bytes:
        made = CLIENT if limits is None else client(limits)
        return await made.dispatcher.handle(body)

    answer = run(work())
    return json.loads(answer) if answer else None


def test_a_request_is_answered_with_its_id() -> None:
    assert handle(call_body("eth_chainId", request_id="abc")) == {
        "jsonrpc": "2.0",
        "id": "abc",
        "result": hex(CHAIN_ID),
    }


def test_params_may_be_absent_or_null_but_not_named() -> None:
    assert "result" in handle(b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
    assert "result" in handle(b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":null}')
    named = handle(b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}')
    assert named["error"]["code"] == -32602


def test_too_many_too_few_and_malformed_arguments_are_named() -> None:
    many = handle(call_body("eth_chainId", 1))
    few = handle(call_body("eth_getBalance"))
    bad = handle(call_body("eth_getBalance", "0x12"))
    assert many["error"]["message"] == "too many arguments, want at most 0"
    assert few["error"]["message"] == "missing value for required argument 0 (address)"
    assert bad["error"]["message"].startswith("invalid argument 0 (address): hex string has 1")
    assert {found["error"]["code"] for found in (many, few, bad)} == {-32602}


def test_an_unknown_method_is_32601_in_geths_words() -> None:
    error = handle(call_body("wallet_sendTransaction", {}))["error"]
    assert error["code"] == -32601
    assert error["message"] == "the method wallet_sendTransaction does not exist/is not available"


def test_a_notification_is_carried_out_and_not_answered() -> None:
    async def work() -> None:
        made = client()
        assert await made.dispatcher.handle(b'{"jsonrpc":"2.0","method":"evm_mine"}') == b""
        assert len(made.node.blocks) == 2
        assert await made.dispatcher.handle(b'{"jsonrpc":"2.0","method":"nobody"}') == b""

    run(work())


def test_a_batch_answers_every_element_but_notifications() -> None:
    found = handle(
        b'[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}, 5, {"jsonrpc":"2.0","method":"x"},'
        b'{"jsonrpc":"2.0","id":[1],"method":"x"}, {"jsonrpc":"2.0","id":"b","method":"x"}, []]'
    )
    assert [item["id"] for item in found] == [1, None, None, "b", None]
    codes = [item["error"]["code"] for item in found if "error" in item]
    assert codes == [-32600, -32600, -32601, -32600]


def test_a_batch_of_notifications_has_an_empty_answer() -> None:
    assert handle(b'[{"jsonrpc":"2.0","method":"eth_chainId"}]') is None


def test_an_empty_batch_is_one_invalid_request() -> None:
    assert handle(b"[]")["error"] == {"code": -32600, "message": "empty batch"}


def test_a_batch_over_the_limit_is_one_invalid_request() -> None:
    body = b"[" + b",".join([call_body("eth_chainId")] * 3) + b"]"
    assert len(handle(body, Limits(batch_items=3))) == 3
    error = handle(body, Limits(batch_items=2))["error"]
    assert error["code"] == -32600
    assert error["message"] == "batch too large: 3 requests, want at most 2 (--max-batch-items)"


def test_a_batch_whose_answers_grow_too_long_says_so_for_the_rest() -> None:
    body = b"[" + b",".join(call_body("eth_chainId", request_id=i) for i in range(5)) + b"]"
    found = handle(body, Limits(batch_response_bytes=100))
    assert [item["id"] for item in found] == [0, 1, 2, 3, 4]
    assert ["result" in item for item in found] == [True, True, False, False, False]
    assert {item["error"]["code"] for item in found[2:]} == {-32003}


def test_bytes_that_are_not_json_are_a_parse_error_with_null_id() -> None:
    found = handle(b"{")
    assert found["id"] is None
    assert found["error"]["code"] == -32700


def test_an_unforeseen_error_is_internal_and_tells_nothing() -> None:
    error = handle(call_body("eth_call", {"to": "0x" + BREAKS.hex()}))["error"]
    assert error["code"] == -32603
    assert "secret" not in json.dumps(error)


def test_the_largest_numbers_are_echoed_in_batches_too() -> None:
    found = handle(b"[" + call_body("eth_chainId", request_id=2**200) + b"]")
    assert found[0]["id"] == 2**200


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["0x0", "latest", "0x" + "00" * 20, "0x" + "00" * 32, "2.0", "0x"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["to", "from", "data", "fromBlock", "address", "topics"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
# Mining is left out: a count up to the limit is legal and takes its time.
names = st.sampled_from(
    sorted(name for name in CLIENT.dispatcher.context(None).methods if "mine" not in name)
)
requests = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": names | st.text(max_size=8)},
    optional={"id": scalars, "params": st.lists(values, max_size=4) | values},
)


def assert_is_an_answer(answer: bytes) -> None:
    if not answer:
        return
    document = json.loads(answer)
    for item in document if isinstance(document, list) else [document]:
        assert item["jsonrpc"] == "2.0"
        assert "id" in item
        assert ("result" in item) != ("error" in item)
        if "error" in item:
            assert isinstance(item["error"]["code"], int)
            assert item["error"]["code"] != -32603, item


@given(st.binary(max_size=200))
def test_any_bytes_are_answered_with_json_rpc(body: bytes) -> None:
    assert_is_an_answer(run(CLIENT.dispatcher.handle(body)))


@settings(max_examples=400)
@given(requests | st.lists(requests, max_size=3) | values)
def test_any_json_is_answered_with_json_rpc_and_no_internal_error(document: Any) -> None:
    body = json.dumps(document).encode("utf-8", "surrogatepass")
    assert_is_an_answer(run(CLIENT.dispatcher.handle(body)))


@pytest.mark.parametrize("depth", [500, 1000, 1023, 5000, 1_000_000])
def test_deep_nesting_is_answered(depth: int) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":'
    assert_is_an_answer(run(CLIENT.dispatcher.handle(body + b"[" * depth + b"]" * depth + b"}")))
