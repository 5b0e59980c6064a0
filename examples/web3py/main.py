"""Deploy on the L2, call there, and call again from the L1 by a deposit."""

from pathlib import Path

from vyper import compile_code
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractLogicError

from byline.node import SyncDevnet
from byline.node.bridge.deposits import deposits_of

SOURCE = (Path(__file__).parent / "TipJar.vy").read_text()
PORTAL = [
    {
        "type": "function",
        "name": "depositTransaction",
        "stateMutability": "payable",
        "inputs": [
            {"name": "_to", "type": "address"},
            {"name": "_value", "type": "uint256"},
            {"name": "_gasLimit", "type": "uint64"},
            {"name": "_isCreation", "type": "bool"},
            {"name": "_data", "type": "bytes"},
        ],
        "outputs": [],
    }
]
ETHER = 10**18


def main() -> None:
    """Tell the story; each step prints what it found."""
    # Ether pays for gas on this L2, so it can cross the bridge.
    with SyncDevnet(gas_token="eth") as devnet:
        l1, l2 = (Web3(HTTPProvider(chain.url)) for chain in (devnet.l1, devnet.l2))
        owner, giver = (account.address for account in devnet.accounts[:2])
        print(f"L1 {l1.eth.chain_id} at {devnet.l1.url}, L2 {l2.eth.chain_id} at {devnet.l2.url}")

        made = compile_code(SOURCE, output_formats=["abi", "bytecode"])
        jar = l2.eth.contract(abi=made["abi"], bytecode=made["bytecode"])
        receipt = l2.eth.wait_for_transaction_receipt(jar.constructor().transact({"from": owner}))
        jar = jar(address=receipt["contractAddress"])
        print(f"the jar stands at {jar.address}, in L2 block {receipt['blockNumber']}")

        sent = jar.functions.tip().transact({"from": giver, "value": 2 * ETHER})
        receipt = l2.eth.wait_for_transaction_receipt(sent)
        l1_fee = int(receipt["l1Fee"], 16)  # web3.py leaves what is the OP Stack's as it came
        print(f"tipped on the L2: {receipt['gasUsed']} gas, and {l1_fee} wei of L1 fee")

        portal = l1.eth.contract(address=devnet.l1.contracts["OptimismPortal"], abi=PORTAL)
        call = portal.functions.depositTransaction(
            jar.address, 3 * ETHER, 200_000, False, jar.encode_abi("tip")
        )
        sent = call.transact({"from": giver, "value": 3 * ETHER})
        on_l1 = l1.eth.wait_for_transaction_receipt(sent)
        (deposit,) = deposits_of(on_l1, bytes.fromhex(portal.address[2:]))
        on_l2 = l2.eth.wait_for_transaction_receipt(deposit.hash)
        print(f"tipped from the L1: L1 block {on_l1['blockNumber']}, L2 block", end=" ")
        print(f"{on_l2['blockNumber']}, status {on_l2['status']}")

        (event,) = jar.events.Tip().process_receipt(on_l2)
        assert event["args"] == {"giver": giver, "amount": 3 * ETHER}
        assert jar.functions.given(giver).call() == 5 * ETHER == l2.eth.get_balance(jar.address)

        try:
            jar.functions.empty().call({"from": giver})
        except ContractLogicError as exc:
            print(f"the giver may not empty it: {exc.message}")

        safe = devnet.wait_until_safe(on_l2["blockNumber"])
        print(f"L2 block {safe.number} is safe: it can be derived from the L1 alone")
        assert l2.eth.get_block("safe")["number"] == safe.number


if __name__ == "__main__":
    main()
