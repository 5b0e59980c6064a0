"""The table of `engine_` methods, and what else the engine's port serves.

Which version of a method a block belongs to follows from its timestamp (OP Stack specs,
protocol/exec-engine.md).  Forks before Holocene are not offered, so the older versions of
getPayload and newPayload answer -38005, and those of forkchoiceUpdated take no attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.block import Block
from byline.derivation.config import Fork, RollupConfig
from byline.node.backend.threads import Threads
from byline.node.engine_api import reading, views
from byline.node.engine_api.errors import (
    InvalidPayloadAttributes,
    TooLargeRequest,
    UnsupportedFork,
)
from byline.node.engine_api.execution import ExecutionEngine
from byline.node.engine_api.payloads import Payload
from byline.node.engine_api.values import ExecutionPayload, ForkchoiceState, PayloadStatus
from byline.node.version import package_version
from byline.rpc.errors import InvalidParams
from byline.rpc.method import Context, Method, Parameter
from byline.rpc.namespaces import eth_blocks, eth_logs, eth_state, merge, net, web3
from byline.rpc.namespaces.eth_transactions import METHODS as TRANSACTIONS
from byline.rpc.quantities import hash32, quantity64

MOST_BODIES: Final = 1_024
"""Blocks whose bodies one request may ask for."""
CLIENT_CODE: Final = "BY"
"""Two letters that name this client; none are assigned to it."""
ATTRIBUTES_VERSION: Final = 3
"""The version of forkchoiceUpdated that takes attributes since Ecotone."""

_STATE: Final = Parameter("forkchoice state", reading.forkchoice_state)
# Read by the method: the fork choice counts even where the attributes are malformed.
_ATTRIBUTES: Final = Parameter("payload attributes", lambda value: value, required=False)
_NAME: Final = Parameter("payload id", reading.payload_name)
_PAYLOAD: Final = Parameter("execution payload", reading.payload)
_BLOB_HASHES: Final = Parameter("expected blob versioned hashes", reading.empty_list)
_BEACON_ROOT: Final = Parameter("parent beacon block root", hash32)
_REQUESTS: Final = Parameter("execution requests", reading.empty_list)


def is_isthmus(config: RollupConfig, timestamp: int) -> bool:
    """Tell whether payloads at `timestamp` have a withdrawals root and requests."""
    return config.active(Fork.ISTHMUS, timestamp)


def get_payload_versions(config: RollupConfig, timestamp: int) -> tuple[int, ...]:
    """Return the versions of getPayload for a block at `timestamp`."""
    if not is_isthmus(config, timestamp):
        return (3,)
    # Releases of op-node differ in what they ask for since Karst.
    return (4, 5) if config.active(Fork.KARST, timestamp) else (4,)


def new_payload_version(config: RollupConfig, timestamp: int) -> int:
    """Return the version of newPayload for a block at `timestamp`."""
    return 4 if is_isthmus(config, timestamp) else 3


@dataclass(frozen=True, slots=True)
class EngineMethods:
    """The methods over one engine, whose work is done on the writer thread."""

    execution: ExecutionEngine
    threads: Threads

    @property
    def _config(self) -> RollupConfig:
        return self.execution.engine.config

    def table(self) -> Mapping[str, Method]:
        """Return the `engine_` methods by name."""
        found = {
            "engine_exchangeCapabilities": Method(
                self._capabilities, (Parameter("capabilities", reading.text_list),)
            ),
            "engine_getClientVersionV1": Method(
                _client_version, (Parameter("client", reading.json_object),)
            ),
            "engine_getPayloadBodiesByHashV1": Method(
                self._bodies_by_hash, (Parameter("hashes", reading.hash_list),)
            ),
            "engine_getPayloadBodiesByRangeV1": Method(
                self._bodies_by_range,
                (Parameter("start", quantity64), Parameter("count", quantity64)),
            ),
        }
        for version in (1, 2, 3):
            found[f"engine_forkchoiceUpdatedV{version}"] = Method(
                self._forkchoice_updated(version), (_STATE, _ATTRIBUTES)
            )
        for version in (2, 3, 4, 5):
            found[f"engine_getPayloadV{version}"] = Method(self._get_payload(version), (_NAME,))
        parameters = (_PAYLOAD, _BLOB_HASHES, _BEACON_ROOT, _REQUESTS)
        for version, count in ((2, 1), (3, 3), (4, 4)):
            found[f"engine_newPayloadV{version}"] = Method(
                self._new_payload(version), parameters[:count]
            )
        return found

    async def _capabilities(self, context: Context, theirs: tuple[str, ...]) -> list[str]:
        """Return our method names; what the other side knows changes nothing here."""
        return sorted(name for name in self.table() if name != "engine_exchangeCapabilities")

    def _forkchoice_updated(self, version: int) -> Any:
        async def run(context: Context, state: ForkchoiceState, attributes: Any) -> views.Json:
            return await self.threads.write(self._choose, version, state, attributes)

        return run

    def _choose(self, version: int, state: ForkchoiceState, attributes: Any) -> views.Json:
        """Apply the fork choice, then begin a payload; a refusal of that undoes nothing."""
        status = self.execution.forkchoice(state)
        if status.status != "VALID" or attributes is None:
            return views.forkchoice_updated(status, None)
        if version != ATTRIBUTES_VERSION:
            raise UnsupportedFork(
                f"unsupported fork: engine_forkchoiceUpdatedV{version} takes no attributes "
                f"since Ecotone, use V{ATTRIBUTES_VERSION}"
            )
        try:
            wanted = reading.attributes(attributes)
        except InvalidParams as exc:
            raise InvalidPayloadAttributes(f"invalid payload attributes: {exc.message}") from None
        return views.forkchoice_updated(status, self.execution.begin(wanted, version))

    def _get_payload(self, version: int) -> Any:
        async def run(context: Context, name: bytes) -> views.Json:
            return await self.threads.write(self._fetch, version, name)

        return run

    def _fetch(self, version: int, name: bytes) -> views.Json:
        open_payload = self.execution.payload(name)
        timestamp = open_payload.attributes.timestamp
        wanted = get_payload_versions(self._config, timestamp)
        if version not in wanted:
            raise _other_version("engine_getPayload", version, wanted)
        payload: Payload = self.execution.seal(name)
        return views.envelope(
            payload.built.executed.block,
            self.execution.value_of(payload),
            isthmus=is_isthmus(self._config, timestamp),
        )

    def _new_payload(self, version: int) -> Any:
        async def run(
            context: Context,
            payload: ExecutionPayload,
            blob_hashes: tuple[()] = (),
            parent_beacon_root: bytes = b"",
            requests: tuple[()] = (),
        ) -> views.Json:
            wanted = new_payload_version(self._config, payload.timestamp)
            if version != wanted:
                raise _other_version("engine_newPayload", version, (wanted,))
            if (payload.withdrawals_root is None) == is_isthmus(self._config, payload.timestamp):
                words = "missing" if payload.withdrawals_root is None else "given"
                raise InvalidParams(f"withdrawalsRoot: {words}, want one from Isthmus on only")
            status: PayloadStatus = await self.threads.write(
                self.execution.take, payload, parent_beacon_root
            )
            return views.status(status)

        return run

    async def _bodies_by_hash(
        self, context: Context, hashes: tuple[bytes, ...]
    ) -> list[views.Json | None]:
        """Return the bodies of blocks in the order asked for, null for unknown ones."""
        _bound(len(hashes))
        store = self.execution.engine.chain.store
        return await self.threads.read(lambda: [views.body(store.block(one)) for one in hashes])

    async def _bodies_by_range(
        self, context: Context, start: int, count: int
    ) -> list[views.Json | None]:
        """Return the bodies of canonical blocks, none above the head."""
        if start < 1 or count < 1:
            raise InvalidParams(f"start {start}, count {count}: want at least 1 of each")
        _bound(count)
        chain = self.execution.engine.chain

        def read() -> list[views.Json | None]:
            last = min(start + count - 1, chain.head.number)
            blocks: list[Block | None] = [
                chain.canonical_block(number) for number in range(start, last + 1)
            ]
            return [views.body(block) for block in blocks]

        return await self.threads.read(read)


def engine_port_methods(methods: EngineMethods) -> Mapping[str, Method]:
    """Return what the engine's port serves: `engine_`, and what op-node reads over it.

    The node's own accounts sign nothing there.
    """
    sending = {"eth_sendRawTransaction": TRANSACTIONS["eth_sendRawTransaction"]}
    return merge(
        methods.table(),
        eth_blocks.METHODS,
        eth_state.METHODS,
        eth_logs.METHODS,
        sending,
        net.METHODS,
        web3.METHODS,
    )


async def _client_version(context: Context, theirs: Mapping[str, Any]) -> list[views.Json]:
    """Return who this is; the commit is not known to an installed package."""
    name = context.backend.client_version
    return [
        {"code": CLIENT_CODE, "name": name, "version": package_version(), "commit": "0x00000000"}
    ]


def _other_version(name: str, version: int, wanted: tuple[int, ...]) -> UnsupportedFork:
    use = " or ".join(f"V{one}" for one in wanted)
    return UnsupportedFork(
        f"unsupported fork: {name}V{version} does not serve the fork of this block, use {use}"
    )


def _bound(count: int) -> None:
    if count > MOST_BODIES:
        raise TooLargeRequest(f"too large request: {count} bodies, want at most {MOST_BODIES}")
