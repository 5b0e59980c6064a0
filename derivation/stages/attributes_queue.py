"""Stage 7: the payload attributes of the next L2 block.

Source: ethereum-optimism/specs, protocol/derivation.md ("Payload Attributes Derivation");
op-node, rollup/derive/attributes_queue.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from byline.derivation.attributes import build_attributes
from byline.derivation.config import RollupConfig, SystemConfig
from byline.derivation.dev_schedule import DevSchedule
from byline.derivation.errors import Reset
from byline.derivation.l1_info import BlobSchedule
from byline.derivation.stages.batch_validator import BatchValidator
from byline.derivation.stages.reading import Reading
from byline.derivation.types import AttributesWithParent, L1Block, L2BlockRef, Need
from byline.derivation.upgrades import Upgrades

STAGE: Final = "attributes_queue"


@dataclass(slots=True)
class AttributesQueue:
    """Holds of each L1 block since the safe head's origin what a new epoch needs."""

    prev: BatchValidator
    reading: Reading
    config: RollupConfig
    schedule: DevSchedule
    blob_schedule: BlobSchedule
    upgrades: Upgrades
    _origins: dict[int, L1Block] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget all L1 blocks."""
        self._origins.clear()

    def remember(self, block: L1Block) -> None:
        """Keep header and, where they hold a log that matters, receipts of `block`."""
        contracts = (self.config.deposit_contract, self.config.l1_system_config)
        matters = any(log.address in contracts for item in block.receipts for log in item.logs)
        receipts = block.receipts if matters else ()
        self._origins[block.header.number] = replace(
            block, transactions=(), receipts=receipts, blobs={}
        )

    def next(self, parent: L2BlockRef, parent_config: SystemConfig) -> AttributesWithParent | Need:
        """Return the attributes of the block after `parent`, which has `parent_config`.

        Raises `Reset` or `Critical` as `build_attributes` does.
        """
        batch = self.prev.next(parent)
        if isinstance(batch, Need):
            return batch
        self._forget_before(parent.l1_origin.number)
        origin = self._origins.get(batch.epoch_number)
        if origin is None or origin.header.hash != batch.epoch_hash:
            raise Reset(
                f"L1 block {batch.epoch_number} (0x{batch.epoch_hash.hex()}), the origin of a "
                f"batch for L2 block {parent.number + 1}, is not among the blocks read"
            )
        declared = self.schedule.deposits(parent)
        attributes = build_attributes(
            self.config, parent, parent_config, origin, batch.timestamp, batch.transactions,
            no_tx_pool=True, blob_schedule=self.blob_schedule, upgrades=self.upgrades,
            dev_deposits=declared, dev_fields=self.schedule.fields(parent),
        )  # fmt: skip
        for deposit in declared:
            if deposit.raw not in attributes.transactions:
                self.reading.drop(STAGE, f"dev deposit of {deposit.gas} gas: no room left")
        same_epoch = batch.epoch_number == parent.l1_origin.number
        return AttributesWithParent(
            attributes=attributes,
            parent=parent,
            l1_origin=origin.ref.id,
            sequence_number=parent.sequence_number + 1 if same_epoch else 0,
            derived_from=self.reading.origin,
        )

    def _forget_before(self, number: int) -> None:
        for old in [known for known in self._origins if known < number]:
            del self._origins[old]
