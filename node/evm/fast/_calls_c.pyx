# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""How calls begin, of code and of native functions, and how an account destructs itself.

Sources: EIP-150, 2929, 6780, 7702; ethereum/execution-specs, `vm/instructions/system.py` and
`vm/interpreter.py`; geth `core/vm/evm.go` for the order in which things are told.
"""

from libc.stdint cimport int64_t, uint64_t

from byline.node.evm.fast._account_c cimport is_empty
from byline.node.evm.fast._code_c cimport EMPTY_CODE
from byline.node.evm.fast._frame_c cimport (
    ENTERED,
    MOST_DEPTH,
    NATIVE_FAILED,
    NO_FUNDS,
    OK,
    OUT_OF_GAS,
    REVERT,
    STACK_UNDERFLOW,
    STATIC,
    TOO_DEEP,
)
from byline.node.evm.fast._messages_c cimport (
    CALL,
    CALLCODE,
    DELEGATECALL,
    SELFDESTRUCT,
    STATICCALL,
    ended,
    enter,
    resume,
    tell_enter,
    tell_leave,
)
from byline.node.evm.fast._native_frame_c cimport NativeFrame, native_frame
from byline.node.evm.fast._word_c cimport (
    word_is_wide,
    word_is_zero,
    word_less,
    word_set,
    word_to_address,
)

from byline.node.evm.console import CONSOLE as CONSOLE_ADDRESS
from byline.node.evm.console import ConsoleRecorder
from byline.node.evm.natives.native import Failed, OutOfGas, Reverted

cdef enum:
    CALL_VALUE_GAS = 9000
    NEW_ACCOUNT_GAS = 25000
    STIPEND = 2300

cdef bytes CONSOLE = CONSOLE_ADDRESS
cdef Word ZERO
word_set(&ZERO, 0)


cdef int note_console(Environment on, bytes data) except -1:
    """Remember what a contract writes for its developer."""
    if on.console is None:
        on.console = ConsoleRecorder()
    on.console.note(data)
    return 0


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
