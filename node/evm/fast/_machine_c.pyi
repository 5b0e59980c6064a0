from collections.abc import Callable, Mapping

from byline.node.evm.fast._code_c import CodeCache
from byline.node.evm.fast._interpreter_c import Interpreter
from byline.node.evm.fast._tries_c import Tries
from byline.node.evm.machine import BlockContext, CallOutcome, MessageCall, NodeReader, OpcodeSet
from byline.node.evm.natives.native import Native
from byline.node.evm.tracing import Tracer

class FastMachine(Interpreter):
    """A `machine.Machine` that is compiled."""

    def __init__(
        self,
        read_node: NodeReader,
        state_root: bytes,
        block: BlockContext,
        precompiles: Mapping[bytes, Native],
        opcodes: OpcodeSet,
        tries: Tries,
        codes: CodeCache,
    ) -> None: ...
    def limit_time(self, check: Callable[[], None]) -> None: ...
    def trace(self, tracer: Tracer | None) -> None: ...
    def run(self, call: MessageCall) -> CallOutcome: ...
    def system_call(self, to: bytes, data: bytes) -> CallOutcome: ...
