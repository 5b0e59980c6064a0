"""`admin_` of a rollup node: stopping and starting the sequencer.

Source: op-node `node/api.go` and `rollup/sequencing`; conductors and runbooks call these.
"""

from __future__ import annotations

from typing import Final

from byline.rpc import views
from byline.rpc.method import Context, Method
from byline.rpc.namespaces.common import HASH
from byline.rpc.sequencing import Sequencing


def _sequencing(context: Context) -> Sequencing:
    sequencing = context.backend.sequencing
    assert sequencing is not None, "these methods are served where there is a sequencer only"
    return sequencing


async def sequencer_active(context: Context) -> bool:
    """Tell whether L2 blocks are made."""
    return await _sequencing(context).sequencing()


async def stop_sequencer(context: Context) -> str:
    """Make no more L2 blocks; returns the hash of the unsafe head, from which to go on."""
    return views.as_hex(await _sequencing(context).stop_sequencing())


async def start_sequencer(context: Context, head: bytes) -> None:
    """Make L2 blocks again; `head` must be the unsafe head."""
    await _sequencing(context).start_sequencing(head)


async def conductor_enabled(context: Context) -> bool:
    """Return false: one sequencer needs no conductor."""
    return False


async def reset_derivation_pipeline(context: Context) -> None:
    """Read from the L1 once more what is not final."""
    await _sequencing(context).reset_derivation()


METHODS: Final = {
    "admin_sequencerActive": Method(sequencer_active),
    "admin_stopSequencer": Method(stop_sequencer),
    "admin_startSequencer": Method(start_sequencer, (HASH,)),
    "admin_conductorEnabled": Method(conductor_enabled),
    "admin_resetDerivationPipeline": Method(reset_derivation_pipeline),
}
