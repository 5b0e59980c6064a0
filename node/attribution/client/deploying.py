"""Deploys the attribution contracts on any EVM chain, and keeps where they stand.

deployed = await deploy(client, account, FamilySettings(treasury))
async with AttributionClient(url, key, deployed.addresses) as attribution:
    ...
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from byline.derivation.transaction import Transaction
from byline.node.accounts import DevAccount
from byline.node.client import TIP, RpcClient
from byline.node.contracts.artifacts import load
from byline.node.contracts.attribution_deploy import SYSTEM, FamilySettings, Plan, plan
from byline.node.contracts.attribution_predeploys import Backend
from byline.node.contracts.calls import Interface
from byline.node.errors import ConfigError, NodeError
from byline.node.signing import sign_dynamic_fee
from byline.precompiles import ATTRIBUTION_EVIDENCE, ATTRIBUTION_MATH

_GAS_LIMIT: Final = 2**24
"""Of one transaction (EIP-7825)."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A family of attribution contracts on some chain."""

    chain_id: int
    block: int
    """The first that any of their events can stand in."""
    addresses: Mapping[str, bytes]
    """By the names of `addresses.L2_CONTRACTS`."""
    gas: Mapping[str, int]
    """What each creation took; empty where it was read from a file."""

    def to_json(self) -> str:
        """Return the text of a file for `from_json`."""
        contracts = {name: "0x" + at.hex() for name, at in self.addresses.items()}
        document = {"chainId": self.chain_id, "block": self.block, "contracts": contracts}
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Deployed:
        """Return what `to_json` wrote; `ConfigError` for anything else."""
        try:
            document = json.loads(text)
            contracts: Mapping[str, str] = document["contracts"]
            found = {name: bytes.fromhex(at.removeprefix("0x")) for name, at in contracts.items()}
            deployed = cls(int(document["chainId"]), int(document["block"]), found, {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"no deployment: {type(error).__name__} {error}; want chainId, block and "
                "contracts, a name and an address each"
            ) from error
        missing = [name for name in SYSTEM if name not in found]
        if missing:
            raise ConfigError(f"the deployment lacks {', '.join(missing)}")
        for name, at in found.items():
            if len(at) != 20:
                raise ConfigError(f"{name} at 0x{at.hex()}: want 20 bytes, found {len(at)}")
        return deployed


async def deploy(client: RpcClient, account: DevAccount, settings: FamilySettings) -> Deployed:
    """Deploy all contracts from `account`, whose money pays for about 26 million gas.

    The account must send nothing else meanwhile.  Raises `NodeError` where the chain refuses a
    creation, or a contract does not stand where its siblings look for it; what was created
    until then stays there, unused.
    """
    if settings.backend is Backend.PRECOMPILE:
        await _find_precompiles(client)
    sender = "0x" + account.address.hex()
    nonce = await client.number("eth_getTransactionCount", sender, "pending")
    planned = plan(account.address, nonce, settings)
    signed = await _signed(client, account, planned)
    for tx in signed:
        await client.call("eth_sendRawTransaction", "0x" + tx.raw.hex())
    receipts = [await client.receipt("0x" + tx.hash.hex()) for tx in signed]
    for creation, receipt in zip(planned.creations, receipts, strict=True):
        if receipt["status"] != "0x1":
            raise NodeError(
                f"the creation of {creation.name} failed in {receipt['transactionHash']} with "
                f"{int(receipt['gasUsed'], 16)} gas: begin anew"
            )
    await check(client, planned.addresses)
    return Deployed(
        chain_id=await client.number("eth_chainId"),
        block=min(int(receipt["blockNumber"], 16) for receipt in receipts),
        addresses=planned.addresses,
        gas={
            creation.name: int(receipt["gasUsed"], 16)
            for creation, receipt in zip(planned.creations, receipts, strict=True)
        },
    )


async def check(client: RpcClient, addresses: Mapping[str, bytes]) -> None:
    """Compare the code at `addresses` with that of this version; `NodeError` where it differs.

    Contracts behind proxies differ from what they stand for: this is for those of `deploy`.
    """
    for name, at in addresses.items():
        code = await client.call("eth_getCode", "0x" + at.hex(), "latest")
        if bytes.fromhex(code[2:]) != load(name).runtime:
            found = f"{len(code) // 2 - 1} bytes of other code" if len(code) > 2 else "no code"
            raise NodeError(f"{name} should be at 0x{at.hex()}, where {client.url} has {found}")


async def _find_precompiles(client: RpcClient) -> None:
    """Ask each precompile a question, as where there is none a call answers nothing."""
    for at, question in (
        (ATTRIBUTION_MATH, Interface.of("AttributionMath").call("relu", [])),
        (
            ATTRIBUTION_EVIDENCE,
            Interface.of("AttributionEvidence").call("compareSuffix", b"", b""),
        ),
    ):
        request = {"to": "0x" + at.hex(), "data": "0x" + question.hex()}
        if await client.call("eth_call", request, "latest") == "0x":
            raise NodeError(
                f"{client.url} has no precompile at 0x{at.hex()}: deploy with the twins instead"
            )


async def _signed(client: RpcClient, account: DevAccount, planned: Plan) -> list[Transaction]:
    head = await client.call("eth_getBlockByNumber", "latest", False)
    tip = max(TIP, await client.number("eth_maxPriorityFeePerGas"))
    max_fee = 2 * int(head["baseFeePerGas"], 16) + tip
    chain_id = await client.number("eth_chainId")
    gas = await asyncio.gather(
        *(_gas(client, account, creation.data) for creation in planned.creations)
    )
    sender = "0x" + account.address.hex()
    cost, owned = sum(gas) * max_fee, await client.number("eth_getBalance", sender, "latest")
    if owned < cost:
        raise NodeError(
            f"{sender} has {owned} wei on chain {chain_id}: the creations may cost up to {cost}"
        )
    return [
        sign_dynamic_fee(
            account,
            chain_id=chain_id,
            nonce=creation.nonce,
            gas=limit,
            to=None,
            max_fee=max_fee,
            tip=tip,
            data=creation.data,
        )
        for creation, limit in zip(planned.creations, gas, strict=True)
    ]


async def _gas(client: RpcClient, account: DevAccount, data: bytes) -> int:
    call: dict[str, Any] = {"from": "0x" + account.address.hex(), "data": "0x" + data.hex()}
    return min(await client.number("eth_estimateGas", call) * 11 // 10, _GAS_LIMIT)
