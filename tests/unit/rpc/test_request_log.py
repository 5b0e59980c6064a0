"""A line for each request, where somebody reads such lines."""

import json
import logging
from typing import Any

import pytest

from byline.rpc.request_log import MOST_PARAMS
from tests.unit.rpc.client import call_body, client, run

CLIENT = client()


def told(caplog: pytest.LogCaptureFixture, *bodies: bytes) -> list[logging.LogRecord]:
    async def work() -> None:
        for body in bodies:
            await CLIENT.dispatcher.handle(body)

    with caplog.at_level(logging.DEBUG, "byline.rpc.request"):
        caplog.clear()
        run(work())
    return list(caplog.records)


def test_a_request_is_one_line_with_its_parameters_and_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (record,) = told(caplog, call_body("eth_getBalance", "0x" + "11" * 20, "latest"))
    words = f'L2 eth_getBalance("0x{"11" * 20}","latest")  '
    assert record.getMessage().startswith(words)
    assert record.getMessage().endswith(" ms  ok")
    fields = record.__dict__["fields"]
    assert (fields["chain"], fields["method"]) == ("l2", "eth_getBalance")
    assert fields["ms"] >= 0


def test_an_error_is_shown_with_code_and_words(caplog: pytest.LogCaptureFixture) -> None:
    (record,) = told(caplog, call_body("eth_nothing"))
    assert record.getMessage().endswith('ERROR -32601 "' + record.__dict__["fields"]["error"][8:])
    assert "eth_nothing" in record.__dict__["fields"]["error"]


def test_each_request_of_a_batch_has_a_line(caplog: pytest.LogCaptureFixture) -> None:
    body = b"[" + call_body("eth_chainId") + b"," + call_body("net_version") + b"]"
    methods = [record.__dict__["fields"]["method"] for record in told(caplog, body)]
    assert methods == ["eth_chainId", "net_version"]


@pytest.mark.parametrize("params", [["x" * 10_000], ["\x1b[2J\x7f\n"], {"a": 1}, None, 7])
def test_whatever_stands_in_a_request_the_line_is_short_and_safe(
    caplog: pytest.LogCaptureFixture, params: Any
) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "\x1b]0;evil\x07", "params": params}
    (record,) = told(caplog, json.dumps(body).encode())
    line = record.getMessage()
    assert line.isprintable()
    assert len(line) < 3 * MOST_PARAMS


def test_passwords_and_keys_are_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    (record,) = told(caplog, call_body("personal_importRawKey", "secret", "password"))
    assert "personal_importRawKey(...)" in record.getMessage()
    assert "secret" not in record.getMessage()


def test_nothing_is_told_where_nobody_reads_it(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        await CLIENT.dispatcher.handle(call_body("eth_chainId"))

    with caplog.at_level(logging.INFO, "byline.rpc.request"):
        caplog.clear()
        run(work())
    assert not caplog.records


@pytest.mark.parametrize("item", [b"7", b"null", b'"x"', b"{}", b'{"method":{"a":[1]}}'])
def test_what_is_no_request_is_told_without_an_error(
    caplog: pytest.LogCaptureFixture, item: bytes
) -> None:
    (record,) = told(caplog, item)
    assert "ERROR -32600" in record.getMessage()
