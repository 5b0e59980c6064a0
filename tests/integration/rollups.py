"""A whole rollup in memory, with a clock that stands still, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from byline.derivation.transaction import Transaction
from byline.derivation.types import L1Block, L1BlockRef
from byline.node.accounts import DevAccount, dev_accounts
from byline.node.assembly import build_rollup
from byline.node.clock import ManualClock
from byline.node.config import NodeConfig
from byline.node.rollups.local import LocalRollup
from byline.node.rollups.rollup import ChainName, Happening
from byline.node.signing import sign_dynamic_fee
from byline.node.storage.kv import KeyValue, MemoryKV

GENESIS_TIME = 1_800_000_000
ALICE, BOB = dev_accounts()[0], dev_accounts()[1]


@dataclass
class World:
    """A rollup, its clock, its store, and what it has published."""

    rollup: LocalRollup
    clock: ManualClock
    kv: KeyValue
    happened: list[Happening] = field(default_factory=list)

    def transfer(
        self,
        name: ChainName,
        *,
        sender: DevAccount = ALICE,
        to: bytes | None = BOB.address,
        value: int = 1,
        data: bytes = b"",
        gas: int = 21_000,
        nonce: int | None = None,
    ) -> Transaction:
        """Return a signed transaction with the next nonce."""
        chain = self.rollup.chain(name)
        if nonce is None:
            nonce = chain.machine(chain.head).nonce(sender.address)
            nonce += self.rollup.pools[name].count(sender.address)
        return sign_dynamic_fee(
            sender,
            chain_id=chain.chain_id,
            nonce=nonce,
            gas=gas,
            to=to,
            max_fee=10**11,
            tip=10**6,
            value=value,
            data=data,
        )

    def send(self, name: ChainName, **fields: object) -> bytes:
        """Sign and submit a transaction; return its hash."""
        return self.rollup.submit(name, self.transfer(name, **fields).raw)  # type: ignore[arg-type]

    def balance(self, name: ChainName, address: bytes) -> int:
        """Return wei at the head."""
        chain = self.rollup.chain(name)
        return chain.machine(chain.head).balance(address)


def world(
    settings: NodeConfig | None = None, kv: KeyValue | None = None, gas_token: str = "eth"
) -> World:
    """Build a rollup on `kv`, or in memory; `gas_token` counts, not that of `settings`."""
    clock = ManualClock(GENESIS_TIME)
    kv = kv or MemoryKV()
    happened: list[Happening] = []
    settings = replace(settings or NodeConfig(), genesis_time=GENESIS_TIME, gas_token=gas_token)
    return World(build_rollup(settings, kv, clock, happened.append), clock, kv, happened)


@dataclass
class LocalSource:
    """Shows a verifier nothing but the L1 of a rollup (`L1Source`)."""

    rollup: LocalRollup

    async def head(self) -> L1BlockRef:
        return L1BlockRef.of(self.rollup.l1.head)

    async def finalized(self) -> L1BlockRef:
        return self.rollup.l1.finalized

    async def block_by_number(self, number: int) -> L1Block | None:
        return self.rollup.l1.block(number)

    async def block_by_hash(self, block_hash: bytes) -> L1Block | None:
        header = self.rollup.l1.chain.store.header(block_hash)
        return None if header is None else self.rollup.l1.block(header.number)
