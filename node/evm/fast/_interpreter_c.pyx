# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The loop over opcodes.

An opcode's static gas is charged first, then its operands are looked for, then the rest of
its gas is charged: the order of py-evm, so that both engines name the same failure.

Sources: the Ethereum yellow paper, appendix H, and the EIPs that the opcodes name;
ethereum/execution-specs, `vm/instructions/`.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memmove, memset

from byline.derivation.kernels._keccak_c cimport keccak256_into
from byline.node.evm.fast._account_c cimport Account, is_empty
from byline.node.evm.fast._calls_c cimport op_call, op_selfdestruct
from byline.node.evm.fast._creations_c cimport op_create
from byline.node.evm.fast._frame_c cimport (
    BAD_JUMP,
    BAD_OPCODE,
    BEYOND_RETURN_DATA,
    ENTERED,
    MOST_MEMORY,
    OK,
    OUT_OF_GAS,
    REVERT,
    STACK_OVERFLOW,
    STACK_UNDERFLOW,
    STACK_WORDS,
    STATIC,
)
from byline.node.evm.fast._messages_c cimport finish, resume
from byline.node.evm.fast._storage_c cimport op_log, op_sstore, op_tstore
from byline.node.evm.fast._word_c cimport (
    Word,
    word_add,
    word_add_modulo,
    word_bytes,
    word_divide,
    word_equal,
    word_is_negative,
    word_is_wide,
    word_is_zero,
    word_leading_zeros,
    word_less,
    word_load,
    word_load_short,
    word_multiply,
    word_multiply_modulo,
    word_power,
    word_set,
    word_shift_arithmetic,
    word_shift_left,
    word_shift_right,
    word_sign_extend,
    word_signed_divide,
    word_signed_modulo,
    word_store,
    word_subtract,
    word_to_address,
    word_to_bytes,
    word_to_int,
)

from byline.node.evm.tracing import Step

# What is known of an opcode before it runs.  One that cannot be has no gas and no operands;
# those that look at them or at the static flag in an order of their own have none here.
cdef struct Rule:
    int32_t gas
    int16_t operands
    # Words that the stack grows by.
    int16_t growth

cdef Rule[256] RULES


cdef list rows():
    """Return (first opcode, last, gas, operands, results), as the fork's table has them."""
    table = [
        (0x01, 0x01, 3, 2, 1), (0x02, 0x02, 5, 2, 1), (0x03, 0x03, 3, 2, 1),
        (0x04, 0x07, 5, 2, 1), (0x08, 0x09, 8, 3, 1), (0x0A, 0x0A, 10, 2, 1),
        (0x0B, 0x0B, 5, 2, 1), (0x10, 0x14, 3, 2, 1), (0x15, 0x15, 3, 1, 1),
        (0x16, 0x18, 3, 2, 1), (0x19, 0x19, 3, 1, 1), (0x1A, 0x1D, 3, 2, 1),
        (0x20, 0x20, 30, 2, 1),
        (0x30, 0x30, 2, 0, 1), (0x31, 0x31, 0, 1, 1), (0x32, 0x34, 2, 0, 1),
        (0x35, 0x35, 3, 1, 1), (0x36, 0x36, 2, 0, 1), (0x37, 0x37, 3, 3, 0),
        (0x38, 0x38, 2, 0, 1), (0x39, 0x39, 3, 3, 0), (0x3A, 0x3A, 2, 0, 1),
        (0x3B, 0x3B, 0, 1, 1), (0x3C, 0x3C, 0, 4, 0), (0x3D, 0x3D, 2, 0, 1),
        (0x3E, 0x3E, 3, 3, 0), (0x3F, 0x3F, 0, 1, 1),
        (0x40, 0x40, 20, 1, 1), (0x41, 0x46, 2, 0, 1), (0x47, 0x47, 5, 0, 1),
        (0x48, 0x48, 2, 0, 1), (0x49, 0x49, 3, 1, 1), (0x4A, 0x4A, 2, 0, 1),
        (0x50, 0x50, 2, 1, 0), (0x51, 0x51, 3, 1, 1), (0x52, 0x53, 3, 2, 0),
        (0x54, 0x54, 0, 1, 1), (0x56, 0x56, 8, 1, 0), (0x57, 0x57, 10, 2, 0),
        (0x58, 0x5A, 2, 0, 1), (0x5B, 0x5B, 1, 0, 0), (0x5C, 0x5C, 100, 1, 1),
        (0x5D, 0x5D, 100, 0, 0), (0x5E, 0x5E, 3, 3, 0), (0x5F, 0x5F, 2, 0, 1),
        (0x60, 0x7F, 3, 0, 1), (0xA0, 0xA4, 375, 0, 0),
        (0xF1, 0xF2, 0, 7, 1), (0xF3, 0xF3, 0, 2, 0), (0xF4, 0xF4, 0, 6, 1),
        (0xFA, 0xFA, 0, 6, 1), (0xFD, 0xFD, 0, 2, 0), (0xFF, 0xFF, 5000, 0, 0),
    ]
    table += [(0x80 + i, 0x80 + i, 3, i + 1, i + 2) for i in range(16)]
    table += [(0x90 + i, 0x90 + i, 3, i + 2, i + 2) for i in range(16)]
    return table


cdef int fill_rules() except -1:
    memset(RULES, 0, sizeof(RULES))
    for first, last, gas, operands, results in rows():
        for op in range(first, last + 1):
            RULES[<int>op].gas = gas
            RULES[<int>op].operands = operands
            RULES[<int>op].growth = results - operands
    return 0


fill_rules()


cdef inline void load_address(bytes address, Word* result) noexcept:
    word_load_short(<const uint8_t*>PyBytes_AS_STRING(address), 20, result)


cdef inline int64_t words_of(uint64_t length) noexcept:
    return <int64_t>((length + 31) >> 5)


cdef inline int spend(Interpreter on, int64_t steps) except -1:
    """Count work that grows with its operands; code without a jump must be stopped, too."""
    on.budget -= steps
    return on.pause() if on.budget < 0 else 0


cdef inline bint jumps(const Word* target, Frame frame) noexcept:
    return (
        not word_is_wide(target)
        and target.limb[0] < <uint64_t>frame.code.size
        and frame.code.targets[target.limb[0]] != 0
    )


cdef class Interpreter(Environment):
    cdef int drive(self, Frame frame) except -1:
        cdef list waiting = []
        cdef Frame parent
        cdef int status
        while True:
            status = self.execute(frame)
            if status == ENTERED:
                waiting.append(frame)
                frame = self.entered
                self.entered = None
                continue
            if status > REVERT and self.tracer is not None and frame.code.size != 0:
                self.tracer.fault(step_of(self, frame))
            status = finish(self, frame, status)
            if not waiting:
                return status
            parent = <Frame>waiting.pop()
            resume(self, parent, frame.kind, status, frame.account.address)
            frame = parent

    cdef int execute(self, Frame frame) except -1:
        cdef const uint8_t* code = frame.code.bytes_
        cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(frame.data)
        cdef uint64_t data_size = PyBytes_GET_SIZE(frame.data)
        cdef Word* bottom = frame.bottom
        cdef Word* top = frame.top
        cdef Word* a
        cdef Word* b
        cdef Word spare
        cdef uint64_t pc = frame.pc, at = 0, size = 0, other = 0
        cdef uint8_t[32] digest
        cdef int op, status, i
        cdef Py_ssize_t depth
        cdef Rule rule
        cdef Account account
        cdef bytes slot, value
        # Init code may be empty, and then there is nothing to see.
        cdef bint tracing = self.tracer is not None and frame.code.size != 0
        # Kept here, and in the frame whenever something else may look.
        cdef int64_t gas = frame.gas
        while True:
            # Zeros, that is STOP, follow the code.
            op = code[pc]
            if tracing:
                self.step_pc = pc
                self.step_gas = gas
                self.step_size = frame.size
                frame.gas = gas
                frame.top = top
                if self.tracer_opcodes[op]:
                    self.tracer.step(step_of(self, frame))
            rule = RULES[op]
            gas -= rule.gas
            if gas < 0:
                return OUT_OF_GAS
            depth = top - bottom
            if depth < rule.operands:
                return STACK_UNDERFLOW
            if depth + rule.growth > STACK_WORDS:
                return STACK_OVERFLOW
            pc += 1
            a = top - 1
            b = top - 2
            if op == 0x00:  # STOP
                frame.gas = gas
                return OK
            elif op == 0x01:  # ADD
                word_add(b, a, b)
                top = a
            elif op == 0x02:  # MUL
                word_multiply(b, a, b)
                top = a
            elif op == 0x03:  # SUB
                word_subtract(b, a, b)
                top = a
            elif op == 0x04:  # DIV
                if word_is_wide(a) or word_is_wide(b):
                    word_divide(b, &spare, a, b)
                elif b.limb[0]:
                    b.limb[0] = a.limb[0] // b.limb[0]
                top = a
            elif op == 0x05:  # SDIV
                word_signed_divide(b, a, b)
                top = a
            elif op == 0x06:  # MOD
                if word_is_wide(a) or word_is_wide(b):
                    word_divide(&spare, b, a, b)
                elif b.limb[0]:
                    b.limb[0] = a.limb[0] % b.limb[0]
                top = a
            elif op == 0x07:  # SMOD
                word_signed_modulo(b, a, b)
                top = a
            elif op == 0x08:  # ADDMOD
                word_add_modulo(top - 3, a, b, top - 3)
                top = b
            elif op == 0x09:  # MULMOD
                word_multiply_modulo(top - 3, a, b, top - 3)
                top = b
            elif op == 0x0A:  # EXP
                i = word_bytes(b)
                gas -= 50 * i
                if gas < 0:
                    return OUT_OF_GAS
                spend(self, i)
                word_power(b, a, b)
                top = a
            elif op == 0x0B:  # SIGNEXTEND
                if not word_is_wide(a):
                    word_sign_extend(b, a.limb[0])
                top = a
            elif op == 0x10:  # LT
                word_set(b, word_less(a, b))
                top = a
            elif op == 0x11:  # GT
                word_set(b, word_less(b, a))
                top = a
            elif op == 0x12:  # SLT
                if word_is_negative(a) != word_is_negative(b):
                    word_set(b, word_is_negative(a))
                else:
                    word_set(b, word_less(a, b))
                top = a
            elif op == 0x13:  # SGT
                if word_is_negative(a) != word_is_negative(b):
                    word_set(b, word_is_negative(b))
                else:
                    word_set(b, word_less(b, a))
                top = a
            elif op == 0x14:  # EQ
                word_set(b, word_equal(a, b))
                top = a
            elif op == 0x15:  # ISZERO
                word_set(a, word_is_zero(a))
            elif op == 0x16:  # AND
                for i in range(4):
                    b.limb[i] &= a.limb[i]
                top = a
            elif op == 0x17:  # OR
                for i in range(4):
                    b.limb[i] |= a.limb[i]
                top = a
            elif op == 0x18:  # XOR
                for i in range(4):
                    b.limb[i] ^= a.limb[i]
                top = a
            elif op == 0x19:  # NOT
                for i in range(4):
                    a.limb[i] = ~a.limb[i]
            elif op == 0x1A:  # BYTE
                other = 0
                if not word_is_wide(a) and a.limb[0] < 32:
                    i = 31 - <int>a.limb[0]
                    other = (b.limb[i >> 3] >> (8 * (i & 7))) & 0xFF
                word_set(b, other)
                top = a
            elif op == 0x1B:  # SHL
                if word_is_wide(a) or a.limb[0] > 255:
                    word_set(b, 0)
                else:
                    word_shift_left(b, b, <unsigned int>a.limb[0])
                top = a
            elif op == 0x1C:  # SHR
                if word_is_wide(a) or a.limb[0] > 255:
                    word_set(b, 0)
                else:
                    word_shift_right(b, b, <unsigned int>a.limb[0])
                top = a
            elif op == 0x1D:  # SAR
                if not word_is_wide(a) and a.limb[0] < 256:
                    word_shift_arithmetic(b, b, <unsigned int>a.limb[0])
                elif word_is_negative(b):
                    memset(b, 0xFF, sizeof(Word))
                else:
                    word_set(b, 0)
                top = a
            elif op == 0x1E:  # CLZ
                if not self.has_clz:
                    return BAD_OPCODE
                gas -= 5
                if gas < 0:
                    return OUT_OF_GAS
                if depth < 1:
                    return STACK_UNDERFLOW
                word_set(a, word_leading_zeros(a))
            elif op == 0x20:  # KECCAK256
                frame.gas = gas
                if not frame.region(a, b, &at, &size):
                    return OUT_OF_GAS
                gas = frame.gas - 6 * words_of(size)
                if gas < 0:
                    return OUT_OF_GAS
                spend(self, size >> 6)
                keccak256_into(frame.memory + at if size else NULL, size, digest)
                word_load(digest, b)
                top = a
            elif op == 0x30:  # ADDRESS
                load_address(frame.account.address, top)
                top += 1
            elif op == 0x31:  # BALANCE
                account = self.account(word_to_address(a))
                gas -= self.access_account(account)
                if gas < 0:
                    return OUT_OF_GAS
                self.load(account)
                a[0] = account.balance
            elif op == 0x32:  # ORIGIN
                load_address(self.origin, top)
                top += 1
            elif op == 0x33:  # CALLER
                load_address(frame.caller, top)
                top += 1
            elif op == 0x34:  # CALLVALUE
                top[0] = frame.value
                top += 1
            elif op == 0x35:  # CALLDATALOAD
                if word_is_wide(a) or a.limb[0] >= data_size:
                    word_set(a, 0)
                elif data_size - a.limb[0] >= 32:
                    word_load(data + a.limb[0], a)
                else:
                    size = data_size - a.limb[0]
                    word_load_short(data + a.limb[0], size, a)
                    word_shift_left(a, a, <unsigned int>(8 * (32 - size)))
            elif op == 0x36:  # CALLDATASIZE
                word_set(top, data_size)
                top += 1
            elif op == 0x37 or op == 0x39:  # CALLDATACOPY, CODECOPY
                frame.gas = gas
                if not frame.region(a, top - 3, &at, &size):
                    return OUT_OF_GAS
                gas = frame.gas - 3 * words_of(size)
                if gas < 0:
                    return OUT_OF_GAS
                spend(self, size >> 8)
                if op == 0x37:
                    frame.copy_in(at, size, data, data_size, b)
                else:
                    frame.copy_in(at, size, code, frame.code.size, b)
                top -= 3
            elif op == 0x38:  # CODESIZE
                word_set(top, frame.code.size)
                top += 1
            elif op == 0x3A:  # GASPRICE
                top[0] = self.gas_price
                top += 1
            elif op == 0x3B:  # EXTCODESIZE
                account = self.account(word_to_address(a))
                gas -= self.access_account(account)
                if gas < 0:
                    return OUT_OF_GAS
                self.load(account)
                word_set(a, self.code_of(account).size)
            elif op == 0x3C:  # EXTCODECOPY
                account = self.account(word_to_address(a))
                frame.gas = gas
                if not frame.region(b, top - 4, &at, &size):
                    return OUT_OF_GAS
                gas = frame.gas - 3 * words_of(size)
                if gas < 0:
                    return OUT_OF_GAS
                gas -= self.access_account(account)
                if gas < 0:
                    return OUT_OF_GAS
                spend(self, size >> 8)
                self.load(account)
                self.code_of(account)
                frame.copy_in(at, size, account.code.bytes_, account.code.size, top - 3)
                top -= 4
            elif op == 0x3D:  # RETURNDATASIZE
                word_set(top, PyBytes_GET_SIZE(frame.return_data))
                top += 1
            elif op == 0x3E:  # RETURNDATACOPY
                other = PyBytes_GET_SIZE(frame.return_data)
                if (
                    word_is_wide(b) or word_is_wide(top - 3) or b.limb[0] > other
                    or (top - 3).limb[0] > other - b.limb[0]
                ):
                    return BEYOND_RETURN_DATA
                frame.gas = gas
                if not frame.region(a, top - 3, &at, &size):
                    return OUT_OF_GAS
                gas = frame.gas - 3 * words_of(size)
                if gas < 0:
                    return OUT_OF_GAS
                spend(self, size >> 8)
                frame.copy_in(
                    at, size, <const uint8_t*>PyBytes_AS_STRING(frame.return_data), other, b
                )
                top -= 3
            elif op == 0x3F:  # EXTCODEHASH
                account = self.account(word_to_address(a))
                gas -= self.access_account(account)
                if gas < 0:
                    return OUT_OF_GAS
                self.load(account)
                if not account.exists or is_empty(account):
                    word_set(a, 0)
                else:
                    word_load(<const uint8_t*>PyBytes_AS_STRING(account.code_hash), a)
            elif op == 0x40:  # BLOCKHASH
                value = None
                if word_less(a, &self.number):
                    word_subtract(&spare, &self.number, a)
                    if not word_is_wide(&spare) and spare.limb[0] <= 256:
                        value = self.ancestor(spare.limb[0] - 1)
                if value is None:
                    word_set(a, 0)
                else:
                    word_load(<const uint8_t*>PyBytes_AS_STRING(value), a)
            elif op == 0x41:  # COINBASE
                load_address(self.coinbase, top)
                top += 1
            elif op == 0x42:  # TIMESTAMP
                top[0] = self.timestamp
                top += 1
            elif op == 0x43:  # NUMBER
                top[0] = self.number
                top += 1
            elif op == 0x44:  # PREVRANDAO
                top[0] = self.prev_randao
                top += 1
            elif op == 0x45:  # GASLIMIT
                top[0] = self.gas_limit
                top += 1
            elif op == 0x46:  # CHAINID
                top[0] = self.chain_id
                top += 1
            elif op == 0x47:  # SELFBALANCE
                top[0] = frame.account.balance
                top += 1
            elif op == 0x48:  # BASEFEE
                top[0] = self.base_fee
                top += 1
            elif op == 0x49:  # BLOBHASH
                if word_is_wide(a) or a.limb[0] >= <uint64_t>len(self.blob_hashes):
                    word_set(a, 0)
                else:
                    value = self.blob_hashes[<Py_ssize_t>a.limb[0]]
                    word_load(<const uint8_t*>PyBytes_AS_STRING(value), a)
            elif op == 0x4A:  # BLOBBASEFEE
                top[0] = self.blob_base_fee
                top += 1
            elif op == 0x50:  # POP
                top = a
            elif op == 0x51:  # MLOAD
                if word_is_wide(a) or a.limb[0] > MOST_MEMORY:
                    return OUT_OF_GAS
                at = a.limb[0]
                if at + 32 > frame.size:
                    frame.gas = gas
                    if not frame.expand(at + 32):
                        return OUT_OF_GAS
                    gas = frame.gas
                word_load(frame.memory + at, a)
            elif op == 0x52:  # MSTORE
                if word_is_wide(a) or a.limb[0] > MOST_MEMORY:
                    return OUT_OF_GAS
                at = a.limb[0]
                if at + 32 > frame.size:
                    frame.gas = gas
                    if not frame.expand(at + 32):
                        return OUT_OF_GAS
                    gas = frame.gas
                word_store(b, frame.memory + at)
                top = b
            elif op == 0x53:  # MSTORE8
                if word_is_wide(a) or a.limb[0] > MOST_MEMORY:
                    return OUT_OF_GAS
                at = a.limb[0]
                if at + 1 > frame.size:
                    frame.gas = gas
                    if not frame.expand(at + 1):
                        return OUT_OF_GAS
                    gas = frame.gas
                frame.memory[at] = <uint8_t>(b.limb[0] & 0xFF)
                top = b
            elif op == 0x54:  # SLOAD
                slot = word_to_bytes(a)
                gas -= self.access_slot(frame.account, slot)
                if gas < 0:
                    return OUT_OF_GAS
                value = self.read_slot(frame.account, slot)
                word_load(<const uint8_t*>PyBytes_AS_STRING(value), a)
            elif op == 0x55:  # SSTORE
                frame.gas = gas
                status = op_sstore(self, frame, top)
                if status != OK:
                    return status
                gas = frame.gas
                top = b
            elif op == 0x56:  # JUMP
                if not jumps(a, frame):
                    return BAD_JUMP
                pc = a.limb[0]
                top = a
            elif op == 0x57:  # JUMPI
                if not word_is_zero(b):
                    if not jumps(a, frame):
                        return BAD_JUMP
                    pc = a.limb[0]
                top = b
            elif op == 0x58:  # PC
                word_set(top, pc - 1)
                top += 1
            elif op == 0x59:  # MSIZE
                word_set(top, frame.size)
                top += 1
            elif op == 0x5A:  # GAS
                word_set(top, gas)
                top += 1
            elif op == 0x5B:  # JUMPDEST
                self.budget -= 1
                if self.budget < 0:
                    self.pause()
            elif op == 0x5C:  # TLOAD
                value = self.read_transient(frame.account.address, word_to_bytes(a))
                word_load(<const uint8_t*>PyBytes_AS_STRING(value), a)
            elif op == 0x5D:  # TSTORE
                status = op_tstore(self, frame, top)
                if status != OK:
                    return status
                top = b
            elif op == 0x5E:  # MCOPY
                frame.gas = gas
                if not frame.region(a, top - 3, &at, &size):
                    return OUT_OF_GAS
                if not frame.region(b, top - 3, &other, &size):
                    return OUT_OF_GAS
                gas = frame.gas - 3 * words_of(size)
                if gas < 0:
                    return OUT_OF_GAS
                spend(self, size >> 8)
                if size:
                    memmove(frame.memory + at, frame.memory + other, size)
                top -= 3
            elif op == 0x5F:  # PUSH0
                word_set(top, 0)
                top += 1
            elif op == 0x60:  # PUSH1
                word_set(top, code[pc])
                top += 1
                pc += 1
            elif op == 0x61:  # PUSH2
                word_set(top, (<uint64_t>code[pc] << 8) | code[pc + 1])
                top += 1
                pc += 2
            elif 0x62 <= op <= 0x7E:  # PUSH3 and so on
                i = op - 0x5F
                word_load_short(code + pc, i, top)
                top += 1
                pc += i
            elif op == 0x7F:  # PUSH32
                word_load(code + pc, top)
                top += 1
                pc += 32
            elif 0x80 <= op <= 0x8F:  # DUP
                top[0] = (top - (op - 0x7F))[0]
                top += 1
            elif 0x90 <= op <= 0x9F:  # SWAP
                b = a - (op - 0x8F)
                spare = a[0]
                a[0] = b[0]
                b[0] = spare
            elif 0xA0 <= op <= 0xA4:  # LOG
                frame.gas = gas
                status = op_log(self, frame, op - 0xA0, top)
                if status != OK:
                    return status
                gas = frame.gas
                top -= 2 + op - 0xA0
            elif op in (0xF0, 0xF1, 0xF2, 0xF4, 0xF5, 0xFA):  # calls and creations
                frame.gas = gas
                frame.pc = pc
                if op == 0xF0 or op == 0xF5:
                    status = op_create(self, frame, op, top)
                else:
                    status = op_call(self, frame, op, top)
                if status != OK:
                    return status
                gas = frame.gas
                top = frame.top
            elif op == 0xF3 or op == 0xFD:  # RETURN, REVERT
                frame.gas = gas
                if not frame.region(a, b, &at, &size):
                    return OUT_OF_GAS
                frame.output = frame.slice_memory(at, size)
                return OK if op == 0xF3 else REVERT
            elif op == 0xFF:  # SELFDESTRUCT
                frame.gas = gas
                return op_selfdestruct(self, frame, top)
            else:
                return BAD_OPCODE


cdef object step_of(Interpreter on, Frame frame):
    """Return the opcode at work in a frame, as it stood before."""
    cdef list stack = []
    cdef Word* word = frame.bottom
    cdef bytes memory = b""
    while word < frame.top:
        stack.append(word_to_int(word))
        word += 1
    if on.tracer_memory:
        memory = frame.slice_memory(0, on.step_size)
    return Step(
        on.step_pc, frame.code.bytes_[on.step_pc], on.step_gas, frame.depth + 1,
        frame.account.address, tuple(stack), memory, frame.return_data, on.refund, on.step_size,
    )
