"""The output roots of an L2's blocks, from their headers and states."""

from __future__ import annotations

from dataclasses import dataclass

from byline.derivation.config import Fork
from byline.derivation.constants import L2_TO_L1_MESSAGE_PASSER
from byline.derivation.header import Header
from byline.derivation.output_root import output_root
from byline.node.l2.engine import L2Engine


@dataclass(frozen=True, slots=True)
class Output:
    """What a claim about one L2 block is about."""

    root: bytes
    withdrawals: bytes
    """Storage root of L2ToL1MessagePasser: another one says that there are new withdrawals."""


def output_of(engine: L2Engine, header: Header) -> Output:
    """Return the output of a stored block of the L2."""
    if engine.config.active(Fork.ISTHMUS, header.timestamp) and header.withdrawals_root:
        withdrawals = header.withdrawals_root
    else:
        withdrawals = engine.chain.machine(header).storage_root(L2_TO_L1_MESSAGE_PASSER)
    return Output(output_root(header.state_root, withdrawals, header.hash), withdrawals)
