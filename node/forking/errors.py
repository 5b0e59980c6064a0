"""What may go wrong with the chain that another was forked from."""

from __future__ import annotations

from typing import Any

from byline.node.errors import NodeError
from byline.rpc.backend import BackendError
from byline.rpc.forked import Answered


class ForkError(NodeError, BackendError):
    """The other chain's node does not answer, or what it answers cannot be.

    The text names it, without path and password, and the block.  What was under way is given
    up; nothing of it is kept, so it can be tried again.
    """


class ForkRefusal(ForkError, Answered):
    """The other chain's node answers with an error of its own."""

    def __init__(self, text: str, code: int, message: str, data: Any = None) -> None:
        Answered.__init__(self, text, code, message, data)
