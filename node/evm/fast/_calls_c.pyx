# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Messages: how calls and creations begin and end, natives and self-destruction.

A frame that begins is handed to the interpreter, which runs it and comes back: nothing here
calls itself, so the depth of calls costs no stack.

Sources: EIP-150, 170, 214, 684, 2929, 3541, 3860, 6780, 7610, 7702; ethereum/execution-specs,
`vm/instructions/system.py` and `vm/interpreter.py`; geth `core/vm/evm.go` for what a tracer
sees.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from byline.derivation.kernels._keccak_c cimport keccak256_into
from byline.node.evm.fast._account_c cimport EMPTY_CODE_HASH, EMPTY_ROOT, is_empty
from byline.node.evm.fast._code_c cimport EMPTY_CODE, prepare
from byline.node.evm.fast._frame_c cimport (
    COLLISION,
    ENTERED,
    MOST_DEPTH,
    NATIVE_FAILED,
    NO_FUNDS,
    NONCE_OVERFLOW,
    OK,
    OUT_OF_GAS,
    RESERVED_CODE,
    REVERT,
    STACK_UNDERFLOW,
    STATIC,
    TOO_DEEP,
)
from byline.node.evm.fast._native_frame_c cimport NativeFrame, native_frame
from byline.node.evm.fast._word_c cimport (
    leading_zeros,
    word_is_wide,
    word_is_zero,
    word_less,
    word_load_short,
    word_set,
    word_store,
    word_to_address,
    word_to_int,
)

from byline.node.evm.console import CONSOLE as CONSOLE_ADDRESS
from byline.node.evm.console import ConsoleRecorder
from byline.node.evm.natives.native import Failed, OutOfGas, Reverted
from byline.node.evm.tracing import FrameEnd, FrameKind, FrameStart

cdef enum:
    CREATE_GAS = 32000
    INIT_CODE_WORD_GAS = 2
    HASH_WORD_GAS = 6
    CODE_BYTE_GAS = 200
    CALL_VALUE_GAS = 9000
    NEW_ACCOUNT_GAS = 25000
    STIPEND = 2300
    MOST_CODE = 24576
    MOST_INIT_CODE = 49152
    RESERVED_BYTE = 0xEF

cdef uint64_t LAST_NONCE = 0xFFFFFFFFFFFFFFFFULL
cdef bytes CONSOLE = CONSOLE_ADDRESS
cdef Word ZERO
word_set(&ZERO, 0)

cdef dict KINDS = {
    CALL: FrameKind.CALL,
    CALLCODE: FrameKind.CALLCODE,
    DELEGATECALL: FrameKind.DELEGATECALL,
    STATICCALL: FrameKind.STATICCALL,
    CREATE: FrameKind.CREATE,
    CREATE2: FrameKind.CREATE2,
    SELFDESTRUCT: FrameKind.SELFDESTRUCT,
}


# What a tracer sees.

cdef int tell_enter(
    Environment on, int kind, int depth, bytes caller, bytes to, bytes data, int64_t gas,
    const Word* value
) except -1:
    on.tracer.enter(FrameStart(KINDS[kind], depth, caller, to, data, gas, word_to_int(value)))
    return 0


cdef int tell_leave(Environment on, int depth, int64_t gas_used, bytes output, str error) except -1:
    on.tracer.leave(FrameEnd(depth, gas_used, output, error))
    return 0


cdef int ended(Environment on, int depth, int64_t gas, int64_t left, bytes result, int status) except -1:
    """Note how a message ended, and tell it."""
    on.gas_left = left
    on.result = result
    if on.tracer is not None:
        tell_leave(on, depth, gas - left, result, None if status == OK else on.error_of(status))
    return status


cdef int note_console(Environment on, bytes data) except -1:
    """Remember what a contract writes for its developer."""
    if on.console is None:
        on.console = ConsoleRecorder()
    on.console.note(data)
    return 0


# Calls.

cdef int begin_call(
    Environment on, Frame parent, int kind, bytes caller, Account account, Account code_at,
    Code code, const Word* value, bytes data, int64_t gas, bint is_static, bint transfers
) except -1:
    """`code` is what runs unless `code_at` is native; `transfers` says whether wei can move."""
    cdef int depth = 0 if parent is None else parent.depth + 1
    cdef Account sender
    cdef Frame frame
    cdef Py_ssize_t journal_mark
    cdef bint has_value = transfers and not word_is_zero(value)
    on.ask()
    if on.tracer is not None:
        tell_enter(
            on, kind, depth, caller if parent is None else parent.account.address,
            code_at.address, data, gas, value,
        )
    if depth > MOST_DEPTH:
        return ended(on, depth, gas, gas, b"", TOO_DEEP)
    if has_value:
        sender = on.loaded(caller)
        if word_less(&sender.balance, value):
            return ended(on, depth, gas, gas, b"", NO_FUNDS)
    journal_mark = len(on.journal)
    on.load(account)
    if has_value and kind == CALL:
        on.transfer(sender, account, value)
    on.touch(account)
    if code_at.native is not None:
        return run_native(
            on, depth, code_at.native, caller, data, gas, has_value, is_static,
            account is not code_at, journal_mark,
        )
    if code.size == 0:
        if code_at.address == CONSOLE:
            note_console(on, data)
        return ended(on, depth, gas, gas, b"", OK)
    frame = Frame.__new__(Frame)
    frame.kind = kind
    frame.depth = depth
    frame.is_static = is_static
    frame.account = account
    frame.caller = caller
    frame.data = data
    frame.value = value[0]
    frame.code = code
    enter(on, parent, frame, gas, journal_mark)
    return ENTERED


cdef int enter(
    Environment on, Frame parent, Frame frame, int64_t gas, Py_ssize_t journal_mark
) except -1:
    """Make a frame ready to run, its stack right above its parent's."""
    frame.gas = gas
    frame.gas_at_start = gas
    frame.return_data = b""
    frame.output = b""
    frame.journal_mark = journal_mark
    frame.logs_mark = len(on.logs)
    frame.refund_mark = on.refund
    # One word stays free for what the parent is pushed.
    frame.bottom = on.arena.words if parent is None else parent.top + 1
    frame.top = frame.bottom
    on.entered = frame
    return 0


cdef int run_native(
    Environment on, int depth, object native, bytes caller, bytes data, int64_t gas,
    bint has_value, bint is_static, bint is_delegated, Py_ssize_t journal_mark
) except -1:
    cdef int status = OK
    cdef int64_t left = gas, refund_mark = on.refund
    cdef bytes output = b""
    cdef NativeFrame frame = None
    try:
        cost = native.gas(data)
        if cost > gas:
            status = OUT_OF_GAS
        else:
            left = gas - <int64_t>cost
    except Failed:
        # No gas would be enough.
        status = OUT_OF_GAS
    if status == OK:
        # Its price tells how long it takes: some 50 gas a microsecond, as long as a jump.  Asked
        # before, as nothing stops it, and after, as time has passed.
        on.budget -= gas - left
        on.ask()
        refused = native.value_refused
        try:
            if has_value and refused is not None:
                raise Reverted(refused)
            if native.change is None:
                output = native.run(data)
            else:
                frame = native_frame(
                    on, on.loaded(caller), data, left, is_static, is_delegated
                )
                output = native.change(frame)
        except Reverted as exc:
            status = REVERT
            output = exc.data
        except OutOfGas:
            status = OUT_OF_GAS
        except Failed as exc:
            status = NATIVE_FAILED
            on.words = str(exc)
        on.budget -= gas - left
        if frame is not None:
            left = frame.gas
            frame.on = None
        on.ask()
    if status != OK:
        on.undo(journal_mark)
        on.refund = refund_mark
        if status != REVERT:
            left = 0
    return ended(on, depth, gas, left, output, status)


cdef int op_call(Environment on, Frame frame, int op, Word* top) except -1:
    cdef bint has_value = False
    cdef const Word* value = &ZERO
    cdef Word* rest = top - 3
    cdef Word* wanted = top - 1
    cdef Account to, delegate, account
    cdef Code code = EMPTY_CODE
    cdef bytes data, caller
    cdef uint64_t data_at, data_size
    cdef int64_t cost, most, gas
    cdef bint is_static = frame.is_static or op == STATICCALL
    cdef int status
    if op == CALL or op == CALLCODE:
        value = rest
        has_value = not word_is_zero(value)
        rest -= 1
    if op == CALL and has_value and frame.is_static:
        return STATIC
    if not frame.region(rest, rest - 1, &data_at, &data_size):
        return OUT_OF_GAS
    if not frame.region(rest - 2, rest - 3, &frame.output_at, &frame.output_size):
        return OUT_OF_GAS
    to = on.account(word_to_address(top - 2))
    cost = on.access_account(to)
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    on.load(to)
    if to.native is None:
        code = on.code_of(to)
        if code.delegate is not None and on.follows_delegations:
            delegate = on.account(code.delegate)
            cost = on.access_account(delegate)
            if frame.gas < cost:
                return OUT_OF_GAS
            frame.gas -= cost
            code = delegated_code(on, delegate)
    cost = 0
    if has_value:
        cost = CALL_VALUE_GAS
        if op == CALL and (not to.exists or is_empty(to)):
            cost += NEW_ACCOUNT_GAS
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    most = frame.gas - frame.gas // 64
    gas = most
    if not word_is_wide(wanted) and wanted.limb[0] < <uint64_t>most:
        gas = <int64_t>wanted.limb[0]
    frame.gas -= gas
    if has_value:
        gas += STIPEND
    data = frame.slice_memory(data_at, data_size)
    # Not one expression: Cython makes a switch of it whose pointers GCC 14 refuses.
    account = frame.account
    if op == CALL or op == STATICCALL:
        account = to
    caller = frame.account.address
    if op == DELEGATECALL:
        caller = frame.caller
        value = &frame.value
    # The result takes the place of the last operand.
    frame.top = rest - 3
    status = begin_call(
        on, frame, op, caller, account, to, code, value, data, gas, is_static,
        op == CALL or op == CALLCODE,
    )
    if status == ENTERED:
        return ENTERED
    resume(on, frame, op, status, None)
    return OK


cdef Code delegated_code(Environment on, Account delegate):
    """Return the code that a delegation leads to; a native function has none to give."""
    if delegate.native is not None:
        return EMPTY_CODE
    on.load(delegate)
    return on.code_of(delegate)


# Creations.

cdef int begin_creation(
    Environment on, Frame parent, int kind, bytes caller, Account account, const Word* value,
    bytes init_code, int64_t gas
) except -1:
    """The creator's funds, nonce and depth have been checked, and its nonce raised."""
    cdef int depth = 0 if parent is None else parent.depth + 1
    cdef Py_ssize_t journal_mark
    cdef Frame frame
    on.load(account)
    if (
        account.nonce != 0
        or account.code_hash != EMPTY_CODE_HASH
        or account.root != EMPTY_ROOT
    ):
        return ended(on, depth, gas, 0, b"", COLLISION)
    journal_mark = len(on.journal)
    on.mark_created(account)
    on.put_nonce(account, 1)
    if not word_is_zero(value):
        on.transfer(on.loaded(caller), account, value)
    frame = Frame.__new__(Frame)
    frame.kind = kind
    frame.depth = depth
    frame.account = account
    frame.caller = caller
    frame.data = b""
    frame.value = value[0]
    # Nobody asks for the hash of init code.
    frame.code = prepare(init_code, b"")
    enter(on, parent, frame, gas, journal_mark)
    return ENTERED


cdef int op_create(Environment on, Frame frame, int op, Word* top) except -1:
    cdef int operands = 4 if op == CREATE2 else 3
    cdef uint64_t at, size
    cdef int64_t gas, cost
    cdef bytes init_code, address
    cdef Account creator = frame.account, account
    cdef int status = OK
    if frame.is_static:
        return STATIC
    if top - frame.bottom < operands:
        return STACK_UNDERFLOW
    if frame.gas < CREATE_GAS:
        return OUT_OF_GAS
    frame.gas -= CREATE_GAS
    if not frame.region(top - 2, top - 3, &at, &size) or size > MOST_INIT_CODE:
        return OUT_OF_GAS
    cost = ((size + 31) >> 5) * (INIT_CODE_WORD_GAS + (HASH_WORD_GAS if op == CREATE2 else 0))
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    on.ask()
    frame.output_size = 0
    frame.top = top - operands
    gas = frame.gas - frame.gas // 64
    frame.gas -= gas
    init_code = frame.slice_memory(at, size)
    if op == CREATE:
        address = creation_address(creator.address, creator.nonce)
    else:
        address = salted_address(creator.address, top - 4, init_code)
    if on.tracer is not None:
        tell_enter(
            on, op, frame.depth + 1, creator.address, address, init_code, gas, top - 1
        )
    if frame.depth >= MOST_DEPTH:
        status = TOO_DEEP
    elif word_less(&creator.balance, top - 1):
        status = NO_FUNDS
    elif creator.nonce == LAST_NONCE:
        status = NONCE_OVERFLOW
    if status != OK:
        ended(on, frame.depth + 1, gas, gas, b"", status)
    else:
        on.put_nonce(creator, creator.nonce + 1)
        account = on.account(address)
        on.warm_account(account)
        status = begin_creation(on, frame, op, creator.address, account, top - 1, init_code, gas)
        if status == ENTERED:
            return ENTERED
    resume(on, frame, op, status, None)
    return OK


cdef int deposit_code(Environment on, Frame frame) except -1:
    """Pay for and set the code that a creation has returned."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(frame.output)
    cdef int64_t cost = size * CODE_BYTE_GAS
    if size > MOST_CODE:
        return OUT_OF_GAS
    if size and <uint8_t>PyBytes_AS_STRING(frame.output)[0] == RESERVED_BYTE:
        return RESERVED_CODE
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    if size:
        on.put_code(frame.account, prepare(frame.output, None))
    return OK


cdef int finish(Environment on, Frame frame, int status) except -1:
    if status == OK and (frame.kind == CREATE or frame.kind == CREATE2):
        status = deposit_code(on, frame)
    if status != OK:
        on.undo(frame.journal_mark)
        on.refund = frame.refund_mark
        del on.logs[frame.logs_mark:]
        if status != REVERT:
            frame.gas = 0
            frame.output = b""
    return ended(on, frame.depth, frame.gas_at_start, frame.gas, frame.output, status)


cdef int resume(Environment on, Frame parent, int kind, int status, bytes created) except -1:
    cdef uint64_t size
    parent.gas += on.gas_left
    parent.return_data = on.result
    if kind == CREATE or kind == CREATE2:
        if status == OK:
            parent.return_data = b""
            word_load_short(<const uint8_t*>PyBytes_AS_STRING(created), 20, parent.top)
        else:
            word_set(parent.top, 0)
    else:
        size = PyBytes_GET_SIZE(on.result)
        if size > parent.output_size:
            size = parent.output_size
        if size:
            memcpy(parent.memory + parent.output_at, PyBytes_AS_STRING(on.result), size)
        word_set(parent.top, status == OK)
    parent.top += 1
    return 0


# Self-destruction.

cdef int op_selfdestruct(Environment on, Frame frame, Word* top) except -1:
    cdef Account account = frame.account, beneficiary
    cdef int64_t cost = 0
    cdef Word balance
    if frame.is_static:
        return STATIC
    if top == frame.bottom:
        return STACK_UNDERFLOW
    beneficiary = on.account(word_to_address(top - 1))
    cost = on.access_account(beneficiary)
    # A warm one costs nothing here.
    cost = 0 if cost == 100 else cost
    if frame.gas < cost:
        return OUT_OF_GAS
    on.load(beneficiary)
    balance = account.balance
    if not word_is_zero(&balance) and (not beneficiary.exists or is_empty(beneficiary)):
        cost += NEW_ACCOUNT_GAS
    if frame.gas < cost:
        return OUT_OF_GAS
    frame.gas -= cost
    if on.tracer is not None:
        tell_enter(
            on, SELFDESTRUCT, frame.depth + 1, account.address, beneficiary.address, b"", 0,
            &balance,
        )
    if beneficiary is not account:
        on.transfer(account, beneficiary, &balance)
    on.touch(beneficiary)
    # Only what this transaction has created goes away (EIP-6780), with what it holds.
    if account.created_mark == on.run_number:
        on.put_balance(account, &ZERO)
        on.mark_destructed(account)
    if on.tracer is not None:
        tell_leave(on, frame.depth + 1, 0, b"", None)
    return OK


# Addresses of new contracts.

cdef bytes creation_address(bytes sender, unsigned long long nonce):
    """Hash the RLP of [sender, nonce]."""
    cdef uint8_t[40] encoded
    cdef uint8_t[32] digest
    cdef int length = 0, i
    encoded[1] = 0x80 + 20
    memcpy(encoded + 2, PyBytes_AS_STRING(sender), 20)
    if 0 < nonce < 0x80:
        encoded[22] = <uint8_t>nonce
    else:
        if nonce:
            length = 8 - (leading_zeros(nonce) >> 3)
        encoded[22] = <uint8_t>(0x80 + length)
        for i in range(length):
            encoded[23 + i] = <uint8_t>(nonce >> (8 * (length - 1 - i)))
    encoded[0] = <uint8_t>(0xC0 + 22 + length)
    keccak256_into(encoded, 23 + length, digest)
    return PyBytes_FromStringAndSize(<char*>digest + 12, 20)


cdef bytes salted_address(bytes sender, const Word* salt, bytes init_code):
    """Hash 0xff, the sender, the salt and the hash of the init code (EIP-1014)."""
    cdef uint8_t[85] preimage
    cdef uint8_t[32] digest
    preimage[0] = 0xFF
    memcpy(preimage + 1, PyBytes_AS_STRING(sender), 20)
    word_store(salt, preimage + 21)
    keccak256_into(
        <const uint8_t*>PyBytes_AS_STRING(init_code), PyBytes_GET_SIZE(init_code), preimage + 53
    )
    keccak256_into(preimage, sizeof(preimage), digest)
    return PyBytes_FromStringAndSize(<char*>digest + 12, 20)


def created_address(bytes sender not None, nonce):
    if len(sender) != 20:
        raise ValueError(f"{sender!r} is no address: want 20 bytes")
    return creation_address(sender, nonce)
