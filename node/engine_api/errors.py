"""The error codes of the Engine API (execution-apis, src/engine/common.md)."""

from __future__ import annotations

from byline.rpc.errors import RpcError


class UnknownPayload(RpcError):
    """No payload of that id is, or is still, kept."""

    code = -38001


class InvalidForkchoiceState(RpcError):
    """The safe or finalized block is not an ancestor of the head."""

    code = -38002


class InvalidPayloadAttributes(RpcError):
    """No block can be built from the attributes; the fork choice itself was applied."""

    code = -38003


class TooLargeRequest(RpcError):
    """More was asked for at once than the API allows."""

    code = -38004


class UnsupportedFork(RpcError):
    """The version of the method does not belong to the fork of the block."""

    code = -38005
