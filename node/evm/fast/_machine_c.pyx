# cython: language_level=3, boundscheck=False, wraparound=False
"""The machine that the fast engine opens: messages of a transaction, in and out."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t

from byline.node.evm.fast._account_c cimport Account
from byline.node.evm.fast._calls_c cimport begin_call
from byline.node.evm.fast._code_c cimport EMPTY_CODE, Code, CodeCache
from byline.node.evm.fast._creations_c cimport begin_creation, creation_address
from byline.node.evm.fast._environment_c cimport PATIENCE
from byline.node.evm.fast._frame_c cimport (
    COLLISION,
    ENTERED,
    NO_FUNDS,
    OK,
    REVERT,
    Arena,
    Frame,
    new_arena,
)
from byline.node.evm.fast._interpreter_c cimport Interpreter
from byline.node.evm.fast._messages_c cimport CALL, CREATE, tell_enter, tell_leave
from byline.node.evm.fast._tries_c cimport Tries
from byline.node.evm.fast._word_c cimport Word, word_from_int, word_less, word_load, word_set

from byline.derivation.receipt import Log
from byline.node.evm.machine import CallOutcome, OpcodeSet

cdef enum:
    SYSTEM_CALL_GAS = 30000000
    # Arenas that wait for the next run; each is the memory that the deepest run touched.
    MOST_SPARE_ARENAS = 4

cdef int64_t MOST_GAS = 0x7FFFFFFFFFFFFFFF
cdef bytes SYSTEM_ADDRESS = b"\xff" * 19 + b"\xfe"
cdef list spare_arenas = []
cdef object CANCUN = OpcodeSet.CANCUN
cdef object OSAKA = OpcodeSet.OSAKA


cdef bytes sized(str name, object value, Py_ssize_t length):
    if not isinstance(value, bytes) or PyBytes_GET_SIZE(value) != length:
        raise ValueError(f"{name} {value!r}: want {length} bytes")
    return <bytes>value


cdef class FastMachine(Interpreter):
    def __init__(
        self, read_node, bytes state_root not None, block, precompiles, opcodes,
        Tries tries not None, CodeCache codes not None,
    ):
        self.read_node = read_node
        self.natives = precompiles
        self.tries = tries
        self.codes = codes
        self.trie = tries.open(read_node, state_root)
        self.has_clz = opcodes is OSAKA
        self.follows_delegations = opcodes is not CANCUN
        word_from_int(block.chain_id, &self.chain_id)
        word_from_int(block.number, &self.number)
        word_from_int(block.timestamp, &self.timestamp)
        word_from_int(block.gas_limit, &self.gas_limit)
        word_from_int(block.base_fee, &self.base_fee)
        word_from_int(block.blob_base_fee, &self.blob_base_fee)
        prev_randao = sized("prev_randao", block.prev_randao, 32)
        word_load(<const uint8_t*>PyBytes_AS_STRING(prev_randao), &self.prev_randao)
        self.coinbase = sized("coinbase", block.coinbase, 20)
        self.ancestors = iter(block.ancestors)
        self.ancestors_read = []
        self.budget = PATIENCE

    def limit_time(self, check):
        self.check = check

    def trace(self, tracer):
        cdef int op
        # Frames that run remember how they are watched.
        self.require_idle()
        if tracer is not None:
            wanted = tracer.opcodes
            for op in range(256):
                self.tracer_opcodes[op] = op in wanted
            self.tracer_memory = tracer.memory
        self.tracer = tracer

    cdef int require_idle(self) except -1:
        """A run works in the one arena of its machine, so none may begin within another."""
        if self.arena is not None:
            raise RuntimeError("the machine is running: open another one for a call within a run")
        return 0

    def run(self, call):
        cdef Account sender, account
        cdef bytes to = call.to
        cdef Word value
        self.require_idle()
        sender = self.loaded(call.sender)
        word_from_int(call.value, &value)
        created = None
        if to is None:
            created = creation_address(sender.address, call.nonce)
        if word_less(&sender.balance, &value):
            words = self.error_of(NO_FUNDS)
            if self.tracer is not None:
                kind = CALL if created is None else CREATE
                tell_enter(
                    self, kind, 0, sender.address, to if created is None else created,
                    call.data, call.gas, &value,
                )
                tell_leave(self, 0, 0, b"", words)
            return CallOutcome(False, b"", call.gas, call.refund, (), None, False, words)
        account = self.account(to if created is None else created)
        self.warm_account(sender)
        self.warm_account(account)
        self.warm_account(self.account(self.coinbase))
        for address in call.warm_addresses:
            self.warm_account(self.account(address))
        for address, slot in call.warm_slots:
            self.warm_slot(self.account(address), slot.to_bytes(32, "big"))
        self.origin = sender.address
        word_from_int(call.gas_price, &self.gas_price)
        self.blob_hashes = call.blob_hashes
        for blob_hash in self.blob_hashes:
            sized("blob hash", blob_hash, 32)
        if created is None:
            return self.perform(CALL, account, &value, call.data, call.gas, call.refund, True)
        return self.perform(CREATE, account, &value, call.data, call.gas, call.refund, True)

    def system_call(self, bytes to not None, bytes data not None):
        cdef Word nothing
        self.require_idle()
        word_set(&nothing, 0)
        self.begin_transaction()
        self.origin = SYSTEM_ADDRESS
        word_set(&self.gas_price, 0)
        self.blob_hashes = ()
        self.warm_account(self.account(self.coinbase))
        tracer, self.tracer = self.tracer, None
        try:
            outcome = self.perform(
                CALL, self.account(to), &nothing, data, SYSTEM_CALL_GAS, 0, False
            )
        finally:
            self.tracer = tracer
        self.begin_transaction()
        return outcome

    cdef object perform(
        self, int kind, Account account, const Word* value, bytes data, object gas,
        object refund, bint delegates,
    ):
        """Run a message of `origin` and everything that it begins; return the outcome."""
        cdef int status
        if data is None:
            raise ValueError("a message has no data: want bytes")
        if not 0 <= gas <= MOST_GAS:
            raise OverflowError(f"gas {gas} of a message: want 0 to {MOST_GAS}")
        self.run_number += 1
        self.logs = []
        self.console = None
        self.refund = refund
        self.arena = <Arena>spare_arenas.pop() if spare_arenas else new_arena()
        try:
            if kind == CREATE:
                status = self.start_creation(account, value, data, gas)
            else:
                status = self.start_call(account, value, data, gas, delegates)
            if status == ENTERED:
                status = self.drive_entered()
        finally:
            self.entered = None
            if len(spare_arenas) < MOST_SPARE_ARENAS:
                spare_arenas.append(self.arena)
            self.arena = None
        # EIP-161 counts the coinbase as touched by every transaction.
        self.touch(self.loaded(self.coinbase))
        self.settle()
        return self.outcome(status, kind, account.address, refund)

    cdef int drive_entered(self) except -1:
        cdef Frame frame = self.entered
        self.entered = None
        return self.drive(frame)

    cdef int start_call(
        self, Account account, const Word* value, bytes data, int64_t gas, bint delegates
    ) except -1:
        cdef Code code = EMPTY_CODE
        cdef Account delegate
        self.load(account)
        if account.native is None:
            code = self.code_of(account)
            if delegates and self.follows_delegations and code.delegate is not None:
                delegate = self.account(code.delegate)
                self.warm_account(delegate)
                code = EMPTY_CODE
                if delegate.native is None:
                    self.load(delegate)
                    code = self.code_of(delegate)
        return begin_call(
            self, None, CALL, self.origin, account, account, code, value, data, gas, False, True
        )

    cdef int start_creation(
        self, Account account, const Word* value, bytes data, int64_t gas
    ) except -1:
        if self.tracer is not None:
            tell_enter(self, CREATE, 0, self.origin, account.address, data, gas, value)
        return begin_creation(self, None, CREATE, self.origin, account, value, data, gas)

    cdef object outcome(self, int status, int kind, bytes address, object refund):
        console = None if self.console is None else self.console.taken()
        if status == OK:
            logs = tuple([Log(*fields) for fields in self.logs]) if self.logs else ()
            return CallOutcome(
                True, self.result, self.gas_left, self.refund, logs,
                address if kind == CREATE else None, False, None, console,
            )
        created = address if kind == CREATE and status != COLLISION else None
        if status == REVERT:
            return CallOutcome(
                False, self.result, self.gas_left, refund, (), created, True, None, console
            )
        words = self.error_of(status)
        return CallOutcome(
            False, b"", self.gas_left, refund, (), created, False, words, console
        )
