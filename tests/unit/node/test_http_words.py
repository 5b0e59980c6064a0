"""What is told of servers whose URLs hold keys."""

from __future__ import annotations

import argparse
import asyncio
import traceback

import aiohttp
import pytest

from byline.derivation.errors import Temporary
from byline.node.cli import config
from byline.node.errors import BadL1Answer
from byline.node.http_words import server_of, words_of
from byline.node.l1.transport import Transport


@pytest.mark.parametrize(
    ("exc", "words"),
    [
        (TimeoutError(), "TimeoutError"),
        (OSError("cannot write to http://a/key?x\n"), "cannot write to its URL\\n"),
        (aiohttp.InvalidURL("http://a/key"), "it redirects to what is no URL of HTTP"),
        (aiohttp.ClientError("'wss://u:key@a/key' and \x1b[2J"), "'its URL and \\x1b[2J"),
    ],
)
def test_words_hold_no_url_and_no_control_characters(exc: Exception, words: str) -> None:
    assert words_of(exc) == words


def test_a_server_is_told_without_what_may_be_a_key() -> None:
    assert server_of("https://u:key@h:1/key?key#key") == "https://h:1"
    assert server_of("http://[key") == "(no URL)"


@pytest.mark.parametrize(
    "answer",
    [
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header : x\r\n\r\n",
        b"HTTP/1.1 307 x\r\nlocation: ?again\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 307 x\r\nlocation: ftp://x/key\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_no_answer_of_an_l1_makes_an_error_tell_its_url(answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)
        writer.write(answer)
        writer.close()

    async def run() -> str:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with Transport(f"http://127.0.0.1:{port}/v3/secret", attempts=1) as there:
            with pytest.raises(Temporary, match="does not answer after 1 attempts") as error:
                await there.post({})
        server.close()
        return "".join(traceback.format_exception(error.value))

    told = asyncio.run(run())
    assert "secret" not in told
    assert "ftp" not in told


def test_a_url_that_is_none_is_not_repeated() -> None:
    with pytest.raises(BadL1Answer, match="want http://HOST:PORT") as error:
        Transport("wss://host/secret")
    assert "secret" not in str(error.value)


def test_the_table_of_settings_shows_servers_without_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    given = {
        "fork_url": "https://u:secret@one/secret",
        "l1_fork_url": "https://two/secret",
        "fork_header": ["authorization: secret"],
    }
    assert config.run(argparse.Namespace(**given)) == 0
    shown = capsys.readouterr().out
    assert "https://one " in shown
    assert "https://two " in shown
    assert shown.count("secret") == shown.count("(secret)") == 1
