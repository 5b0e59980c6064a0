"""The proposer on an L1 that others run, over JSON-RPC.

It asks from a thread that may wait, each time anew what the L1 says: no claim is remembered.
Sources: op-proposer, `proposer/driver.go`; op-challenger for the resolution of games.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Final

from byline.node.accounts import DevAccount
from byline.node.client import CallFailed, RpcClient
from byline.node.errors import NodeError
from byline.node.l1.games import Disputes, Unanswered
from byline.node.l2.engine import L2Engine
from byline.node.l2.proposer import Proposal, ProposerSettings
from byline.node.rollups.proposing import LOG, L1Call, Proposing

MOST_FAILURES: Final = 3
"""After which a transaction is not tried again."""

Wait = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine elsewhere and returns its result."""


@dataclass(frozen=True, slots=True)
class RemoteView:
    """An L1 node's view of one of its blocks (`L1View`)."""

    client: RpcClient
    wait: Wait
    number: int
    timestamp: int

    def ask(self, to: bytes, data: bytes) -> bytes:
        """See `L1View`."""
        try:
            return self._call({"to": _hex(to), "data": _hex(data)})
        except (NodeError, ValueError) as exc:
            raise Unanswered(str(exc)) from exc

    def attempt(
        self, sender: bytes, to: bytes, data: bytes, *, value: int, gas: int, timestamp: int
    ) -> bytes | None:
        """See `L1View`; the time is that of the block, whatever `timestamp` says."""
        request = {
            "from": _hex(sender),
            "to": _hex(to),
            "data": _hex(data),
            "value": hex(value),
            "gas": hex(gas),
        }
        try:
            self._call(request)
        except CallFailed as exc:
            return _reason(exc)
        except (NodeError, ValueError) as exc:
            raise Unanswered(f"0x{to.hex()}: {exc}") from exc
        return None

    def _call(self, request: dict[str, str]) -> bytes:
        return _octets(self.wait(self.client.call("eth_call", request, hex(self.number))))


class RemoteKeeper(Proposing):
    """Proposer and resolver of one L2 on an L1 that makes its own blocks."""

    def __init__(self, engine: L2Engine, account: DevAccount | None = None) -> None:
        """With the key of an `account` only finalized blocks are proposed.

        Without, on a development L1, the safe one is: there finality may never come.
        """
        settings = ProposerSettings(prompt=True, allow_non_finalized=account is None)
        super().__init__(engine, settings, account)
        self._failures: dict[bytes, int] = {}

    @property
    def accounts(self) -> frozenset[bytes]:
        """The addresses that transactions may come from."""
        given = {self._proposer.address} if self._proposer is not None else set()
        return frozenset(given | {self._resolver.address})

    def look(self, view: RemoteView) -> tuple[L1Call, ...]:
        """Return what to send now, in order; asks the L1 and waits for its answers."""
        config = self._engine.config
        disputes = Disputes(view, config.l1_system_config, config.deposit_contract)
        try:
            wanted = tuple(self._wanted(disputes, view.timestamp))
        except Unanswered as exc:
            self._say(f"withdrawals stand still: {exc}")
            return ()
        return tuple(call for call in wanted if self._failures.get(call.key, 0) < MOST_FAILURES)

    def failed(self, call: L1Call, reason: str) -> None:
        """Take note that a transaction did not do what it should."""
        self._failures[call.key] = self._failures.get(call.key, 0) + 1
        LOG.warning("%s: %s", call.purpose, reason)

    def _wanted(self, disputes: Disputes, now: int) -> Iterator[L1Call]:
        watch = self._watch
        watch.read_games(disputes, now)
        if watch.factory is None:
            return
        self._find_accounts(disputes, watch.factory)
        decision = self._decide(now)
        if isinstance(decision, Proposal):
            call = self._creation(disputes, watch.factory, decision, now)
            if call is not None:
                yield call
        yield from self._resolutions(disputes, now, ())


def _reason(exc: CallFailed) -> bytes:
    """Return what a call reverts with, or in words why there is no telling."""
    try:
        return _octets(exc.data) if isinstance(exc.data, str) else str(exc).encode()
    except ValueError:
        return str(exc).encode()


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _octets(text: str) -> bytes:
    """Return the bytes of a JSON-RPC answer; raises `ValueError` for what is none."""
    return bytes.fromhex(text.removeprefix("0x"))
