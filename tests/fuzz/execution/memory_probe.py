"""How much memory hostile programs take: `python -m ...memory_probe ENGINE NAME GAS ROUNDS`.

A process of its own runs one program often and prints, in bytes, by how much its resident
memory grew at most, and how much of that stayed from the middle of the run to its end.
"""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from byline.derivation.hashing import EMPTY_TRIE_ROOT
from byline.node.evm.call_stack import prepare_threads
from byline.node.evm.engines import engine
from byline.node.evm.machine import Machine, MessageCall, OpcodeSet
from byline.node.evm.precompiles import ETHEREUM_OSAKA
from tests.fuzz.execution.machines import CONTEXT

ADDRESS_SPACE: Final = 2 << 30
"""Bytes that the process may reserve, the stack of its thread among them."""
SENDER: Final = b"\x5e" * 20
TARGET: Final = b"\xc0" * 20
BOMB: Final = b"\xb0" * 20

# Recurses into itself with all gas, after a kilobyte of memory.
DEEP: Final = bytes.fromhex("6001610400525f5f5f5f5f305af100")
# Returns half a megabyte, which costs 1.1 million gas the first time.
RETURNS: Final = bytes.fromhex("620800005ff3")


def loop(body: str) -> bytes:
    """Return code that runs `body`, which leaves the stack as it was, until the gas ends."""
    return b"\x5b" + bytes.fromhex(body) + bytes.fromhex("5f56")


PROGRAMS: Final[dict[str, dict[bytes, bytes]]] = {
    "deep calls": {TARGET: DEEP},
    # MSIZE plus 8 KiB is written to, again and again.
    "memory": {TARGET: loop("6001596120000152")},
    "return bombs": {
        TARGET: loop("5f5f5f5f5f73" + BOMB.hex() + "5af1503d5f5f3e"),
        BOMB: RETURNS,
    },
    # PUSH2 CALLER SELFDESTRUCT to memory, CREATE of it.
    "self-destructions": {TARGET: loop("6133ff5f526002601e5ff050")},
    # The balance of account (gas left), which is another one each time.
    "accounts": {TARGET: loop("5a3150")},
    # A slot (gas left) is set to 1.
    "slots": {TARGET: loop("60015a55")},
    # A transient slot, for the same.
    "transient slots": {TARGET: loop("60015a5d")},
    "logs": {TARGET: loop("611000" + "5fa0")},
}


def resident() -> int:
    """Return the bytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def most_resident() -> int:
    """Return the most bytes that this process had, as /proc/self/status says.

    Not `ru_maxrss`: it begins with the size of the process that started this one.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no line VmHWM in /proc/self/status")


def probe(
    name: str, open_machine: Callable[[], Machine], gas: int, rounds: int
) -> tuple[int, int]:
    """Run a program `rounds` times, each on a machine of its own; return growth and rest."""

    def once() -> None:
        machine = open_machine()
        for address, code in PROGRAMS[name].items():
            machine.set_code(address, code)
        machine.begin_transaction()
        machine.run(MessageCall(SENDER, TARGET, 0, b"", gas, 0, 0))
        machine.commit()

    once()
    before = resident()
    middle = before
    for index in range(rounds):
        once()
        if index == rounds // 2:
            middle = resident()
    return max(0, most_resident() - before), resident() - middle


def main() -> None:
    name, program, gas, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    chosen = engine(name)

    def open_machine() -> Machine:
        return chosen.open(
            lambda _: None, EMPTY_TRIE_ROOT, CONTEXT, ETHEREUM_OSAKA, OpcodeSet.OSAKA
        )

    print(*probe(program, open_machine, gas, rounds))


if __name__ == "__main__":
    prepare_threads()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
