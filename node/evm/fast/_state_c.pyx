# cython: language_level=3, boundscheck=False, wraparound=False
"""The state of one block under construction: accounts, a journal, and tries below.

Every change first notes in the journal how to undo it, so a snapshot is the journal's length.
Tries are read when an account or a slot is, and written at the commit alone.

Sources: EIP-161 (empty accounts), 1153 (transient storage), 2929 (warm and cold),
6780 (self-destruction).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_SetItem
from cpython.object cimport PyObject
from libc.string cimport memcpy, memset

from byline.node.evm.fast._account_c cimport (
    COVERED,
    EMPTY_CODE_HASH,
    EMPTY_ROOT,
    OPEN,
    UNKNOWN,
    ZERO_RECORD,
    ZERO_WORD,
    Account,
    decode_account,
    decode_slot,
    encode_account,
    encode_slot,
    hash_of,
    is_empty,
    new_account,
)
from byline.node.evm.fast._code_c cimport EMPTY_CODE, prepare
from byline.node.evm.fast._word_c cimport (
    word_add,
    word_from_int,
    word_is_zero,
    word_subtract,
    word_to_int,
)

from byline.node.evm.beneath import COVER

cdef extern from "Python.h":
    PyObject* PyDict_GetItemWithError(object, object) except? NULL

# How an entry of the journal, (kind, account, key, old), is undone.
cdef enum Change:
    BALANCE
    NONCE
    CODE
    SLOT
    WARM_ACCOUNT
    WARM_SLOT
    TRANSIENT
    CREATED
    DESTRUCTED
    TOUCHED
    WIPED

# In a storage trie, where no slot hashes to it: nothing beneath counts.
cdef bytes COVER_KEY = hash_of(COVER)
cdef bytes COVER_RECORD = b"\x01"

cdef uint64_t MOST_NONCE = 0xFFFFFFFFFFFFFFFFULL


cdef class State:
    def __cinit__(self):
        # Marks of accounts begin at 0, which is no transaction and no run.
        self.transaction = 1
        self.run_number = 1
        self.accounts = {}
        self.journal = []
        self.dirty = []
        self.touched = []
        self.logs = []
        self.transient = {}
        self.new_codes = {}
        self.fresh = {}

    # Reading.

    cdef Account account(self, bytes address):
        cdef PyObject* known = PyDict_GetItemWithError(self.accounts, address)
        cdef Account account
        if known != NULL:
            return <Account>known
        account = new_account(address, self.natives.get(address))
        self.accounts[address] = account
        return account

    cdef Account loaded(self, bytes address):
        cdef Account account = self.account(address)
        if not account.loaded:
            self.load(account)
        return account

    cdef int load(self, Account account) except -1:
        if not account.loaded:
            account.key = hash_of(account.address)
            record = self.trie.c_get(account.key)
            if self.beneath is not None:
                stored = record is not None
                if not stored:
                    record = self.beneath.record(account.address)
                decode_account(account, record)
                account.stored = stored
                # What was deleted here is written down, to cover what lies beneath.
                account.exists = not is_empty(account)
            else:
                decode_account(account, record)
            account.slots = {}
            account.loaded = True
        return 0

    cdef Code code_of(self, Account account):
        if account.code is None:
            account.code = self.code_by_hash(account.code_hash, account.address)
        return account.code

    cdef Code code_by_hash(self, bytes code_hash, bytes address):
        cdef Code code
        if code_hash == EMPTY_CODE_HASH:
            return EMPTY_CODE
        code = self.codes.get(code_hash)
        if code is None:
            raw = self.read_node(code_hash)
            if raw is None and self.beneath is not None:
                raw = self.beneath.code(address, code_hash)
            if raw is None:
                raise KeyError(f"no code of hash 0x{code_hash.hex()} in the store")
            code = prepare(raw, code_hash)
            self.codes.put(code)
        return code

    cdef bytes read_slot(self, Account account, bytes slot):
        cdef PyObject* known = PyDict_GetItemWithError(account.slots, slot)
        cdef bytes record = None, value = ZERO_WORD
        if known != NULL:
            return <bytes>known
        if account.root is not EMPTY_ROOT and account.root != EMPTY_ROOT:
            if account.trie is None:
                account.trie = self.tries.open(self.read_node, account.root)
            record = account.trie.c_get(hash_of(slot))
            if record is not None:
                value = decode_slot(record)
        if record is None and self.beneath is not None:
            value = self.word_beneath(account, slot)
        PyDict_SetItem(account.slots, slot, value)
        return value

    cdef bytes original(self, Account account, bytes slot, bytes current):
        """Return what a slot held when the transaction began."""
        cdef PyObject* known
        if account.originals_mark != self.transaction:
            return current
        known = PyDict_GetItemWithError(account.originals, slot)
        return current if known == NULL else <bytes>known

    cdef bytes read_transient(self, bytes address, bytes slot):
        return self.transient.get((address, slot), ZERO_WORD)

    # Changing.  What is changed has been loaded.

    cdef int write_slot(self, Account account, bytes slot, bytes value, bytes current) except -1:
        if account.originals_mark != self.transaction:
            account.originals_mark = self.transaction
            account.originals = {}
        if PyDict_GetItemWithError(account.originals, slot) == NULL:
            PyDict_SetItem(account.originals, slot, current)
        self.journal.append((SLOT, account, slot, current))
        PyDict_SetItem(account.slots, slot, value)
        if account.written is None:
            account.written = {}
        PyDict_SetItem(account.written, slot, True)
        return self.mark_dirty(account)

    cdef int write_transient(self, bytes address, bytes slot, bytes value) except -1:
        place = (address, slot)
        self.journal.append((TRANSIENT, None, place, self.transient.get(place, ZERO_WORD)))
        self.transient[place] = value
        return 0

    cdef bint warm_account(self, Account account) except -1:
        if account.warm_mark == self.transaction:
            return True
        self.journal.append((WARM_ACCOUNT, account, None, account.warm_mark))
        account.warm_mark = self.transaction
        return False

    cdef bint warm_slot(self, Account account, bytes slot) except -1:
        if account.warm_slots_mark != self.transaction:
            account.warm_slots_mark = self.transaction
            account.warm_slots = set()
        elif slot in account.warm_slots:
            return True
        self.journal.append((WARM_SLOT, account, slot, None))
        account.warm_slots.add(slot)
        return False

    cdef int put_balance(self, Account account, const Word* value) except -1:
        old = PyBytes_FromStringAndSize(<char*>&account.balance, sizeof(Word))
        self.journal.append((BALANCE, account, account.exists, old))
        account.balance = value[0]
        account.exists = True
        return self.mark_dirty(account)

    cdef int put_nonce(self, Account account, uint64_t value) except -1:
        self.journal.append((NONCE, account, account.exists, account.nonce))
        account.nonce = value
        account.exists = True
        return self.mark_dirty(account)

    cdef int put_code(self, Account account, Code code) except -1:
        self.journal.append((CODE, account, account.exists, (account.code_hash, account.code)))
        account.code = code
        account.code_hash = code.hash
        account.exists = True
        if code.size:
            self.new_codes[code.hash] = code.raw
        return self.mark_dirty(account)

    cdef int transfer(self, Account sender, Account recipient, const Word* value) except -1:
        """Move wei that the sender has."""
        cdef Word balance
        word_subtract(&balance, &sender.balance, value)
        self.put_balance(sender, &balance)
        word_add(&balance, &recipient.balance, value)
        return self.put_balance(recipient, &balance)

    cdef int mark_dirty(self, Account account) except -1:
        if not account.dirty:
            account.dirty = True
            self.dirty.append(account)
        return 0

    cdef int mark_created(self, Account account) except -1:
        self.journal.append((CREATED, account, None, account.created_mark))
        account.created_mark = self.run_number
        return 0

    cdef int mark_destructed(self, Account account) except -1:
        self.journal.append((DESTRUCTED, account, None, account.destructed_mark))
        account.destructed_mark = self.run_number
        return self.touch(account)

    cdef int touch(self, Account account) except -1:
        if account.touched_mark != self.run_number:
            self.journal.append((TOUCHED, account, None, account.touched_mark))
            account.touched_mark = self.run_number
            self.touched.append(account)
        return 0

    cdef int wipe(self, Account account, bint storage_alone) except -1:
        """Forget the storage of an account, or all of it."""
        balance = PyBytes_FromStringAndSize(<char*>&account.balance, sizeof(Word))
        self.journal.append((WIPED, account, (account.exists, account.nonce, balance), (
            account.code_hash, account.code, account.root, account.trie,
            account.slots, account.written, account.covered,
        )))
        account.covered = COVERED
        account.root = EMPTY_ROOT
        account.trie = None
        account.slots = {}
        account.written = None
        if not storage_alone:
            account.exists = False
            account.nonce = 0
            memset(&account.balance, 0, sizeof(Word))
            account.code_hash = EMPTY_CODE_HASH
            account.code = EMPTY_CODE
        return self.mark_dirty(account)

    cdef int settle(self) except -1:
        cdef Account account
        for item in self.touched:
            account = <Account>item
            if account.destructed_mark == self.run_number:
                self.wipe(account, False)
            elif is_empty(account) and (account.exists or account.written):
                self.wipe(account, False)
        self.touched = []
        return 0

    # Undoing.

    cdef int undo(self, Py_ssize_t mark) except -1:
        """Go back to when the journal was `mark` entries long."""
        cdef Account account
        cdef int kind
        while len(self.journal) > mark:
            kind, item, key, old = self.journal.pop()
            account = <Account>item
            if kind == SLOT:
                account.slots[key] = old
            elif kind == BALANCE:
                memcpy(&account.balance, PyBytes_AS_STRING(old), sizeof(Word))
                account.exists = key
            elif kind == WARM_ACCOUNT:
                account.warm_mark = old
            elif kind == WARM_SLOT:
                account.warm_slots.discard(key)
            elif kind == TOUCHED:
                account.touched_mark = old
                if self.touched and self.touched[len(self.touched) - 1] is account:
                    self.touched.pop()
            elif kind == NONCE:
                account.nonce = old
                account.exists = key
            elif kind == CODE:
                account.code_hash, account.code = old
                account.exists = key
            elif kind == TRANSIENT:
                self.transient[key] = old
            elif kind == CREATED:
                account.created_mark = old
            elif kind == DESTRUCTED:
                account.destructed_mark = old
            elif kind == WIPED:
                account.exists, account.nonce, balance = key
                memcpy(&account.balance, PyBytes_AS_STRING(balance), sizeof(Word))
                account.code_hash, account.code, account.root, account.trie = old[:4]
                account.slots, account.written, account.covered = old[4:]
        return 0

    # Committing.

    cdef int write_storage(self, Account account) except -1:
        cdef bytes key, value
        if account.trie is None:
            account.trie = self.tries.open(self.read_node, account.root)
        if self.beneath is not None and self.is_covered(account):
            if self.beneath.may_have_words(account.address):
                account.trie.c_set(COVER_KEY, COVER_RECORD)
                self.fresh[COVER_KEY] = COVER
        for slot in account.written or ():
            key = hash_of(slot)
            value = self.record_of_slot(account, slot)
            # Tries have keys' hashes alone; the key itself is kept under its hash, once.
            if value and account.trie.c_get(key) is None:
                self.fresh[key] = slot
            account.trie.c_set(key, value)
        account.written = None
        account.root = account.trie.root_hash()
        self.fresh.update(account.trie.take_nodes())
        return self.tries.keep(account.trie)

    cdef int write_account(self, Account account) except -1:
        cdef bytes record
        if account.written or (self.beneath is not None and account.covered == COVERED):
            self.write_storage(account)
            # A word may be set where there is no account; it then is one.
            account.exists = account.exists or account.root != EMPTY_ROOT
        record = self.record_of(account)
        if not record:
            return self.trie.c_set(account.key, record)
        if account.code_hash in self.new_codes:
            self.fresh[account.code_hash] = self.new_codes[account.code_hash]
        if not account.stored:
            account.stored = True
            self.fresh[account.key] = account.address
        return self.trie.c_set(account.key, record)

    # On a fork the tries hold what differs from what lies beneath, and only that, so that equal
    # states have equal roots however they came about.

    cdef bint is_covered(self, Account account) except -1:
        if account.covered == UNKNOWN:
            account.covered = OPEN
            if account.root != EMPTY_ROOT:
                if account.trie is None:
                    account.trie = self.tries.open(self.read_node, account.root)
                if account.trie.c_get(COVER_KEY) is not None:
                    account.covered = COVERED
        return account.covered == COVERED

    cdef bytes word_beneath(self, Account account, bytes slot):
        cdef bytes word
        if self.is_covered(account):
            return ZERO_WORD
        word = self.beneath.word(account.address, slot)
        if word is None or PyBytes_GET_SIZE(word) != 32:
            raise ValueError(f"a word beneath is {word!r}: want 32 bytes")
        return word

    cdef bytes record_of_slot(self, Account account, bytes slot):
        cdef bytes value = account.slots[slot]
        if self.beneath is not None:
            if value == self.word_beneath(account, slot):
                return b""
            if value == ZERO_WORD:
                return ZERO_RECORD
        return encode_slot(value)

    cdef bytes record_of(self, Account account):
        cdef bytes record, under
        if self.beneath is None:
            return encode_account(account) if account.exists else b""
        record = encode_account(account)
        under = self.beneath.record(account.address)
        if under is None and is_empty(account) and account.root == EMPTY_ROOT:
            return b""
        return b"" if record == under else record

    def stand_on(self, beneath):
        if self.accounts:
            raise RuntimeError("the state was read before it was said what lies beneath")
        self.beneath = beneath

    def commit(self):
        cdef Account account
        for item in self.dirty:
            account = <Account>item
            account.dirty = False
            self.write_account(account)
        self.dirty = []
        # What was before can no longer be gone back to.
        self.journal = []
        self.transaction += 1
        root = self.trie.root_hash()
        self.fresh.update(self.trie.take_nodes())
        self.tries.keep(self.trie)
        return root

    @property
    def nodes(self):
        return self.fresh

    # What the rules of a chain read and write.

    def balance(self, bytes address not None):
        return word_to_int(&self.loaded(address).balance)

    def set_balance(self, bytes address not None, value):
        cdef Word word
        word_from_int(value, &word)
        self.put_balance(self.loaded(address), &word)

    def nonce(self, bytes address not None):
        return self.loaded(address).nonce

    def set_nonce(self, bytes address not None, value):
        if not 0 <= value <= MOST_NONCE:
            raise OverflowError(f"nonce {value} of 0x{address.hex()}: want 0 to 2**64 - 1")
        self.put_nonce(self.loaded(address), value)

    def code(self, bytes address not None):
        return self.code_of(self.loaded(address)).raw

    def set_code(self, bytes address not None, bytes code not None):
        self.put_code(self.loaded(address), prepare(code, None) if code else EMPTY_CODE)

    def storage(self, bytes address not None, slot):
        cdef bytes value = self.read_slot(self.loaded(address), slot.to_bytes(32, "big"))
        return 0 if value is ZERO_WORD else int.from_bytes(value, "big")

    def set_storage(self, bytes address not None, slot, value):
        cdef Account account = self.loaded(address)
        cdef bytes place = slot.to_bytes(32, "big"), word = value.to_bytes(32, "big")
        self.write_slot(account, place, word, self.read_slot(account, place))

    def clear_storage(self, bytes address not None):
        self.wipe(self.loaded(address), True)

    def exists(self, bytes address not None):
        return self.loaded(address).exists

    def storage_root(self, bytes address not None):
        return self.loaded(address).root

    def snapshot(self):
        return len(self.journal)

    def restore(self, Py_ssize_t token):
        if not 0 <= token <= len(self.journal):
            raise ValueError(
                f"snapshot {token} is void, the journal has {len(self.journal)} entries: it was "
                "restored past, or a transaction has begun since"
            )
        self.undo(token)

    def accept(self, Py_ssize_t token):
        """Nothing is to be done: the journal ends with the transaction."""

    def begin_transaction(self):
        self.transaction += 1
        if self.journal:
            self.journal = []
        if self.transient:
            self.transient = {}

    def warm(self, bytes address not None):
        self.warm_account(self.account(address))

    def accessed(self):
        cdef Account account
        found = {}
        for address, item in self.accounts.items():
            account = <Account>item
            slots = frozenset()
            if account.warm_slots_mark == self.transaction:
                slots = frozenset([int.from_bytes(slot, "big") for slot in account.warm_slots])
            if slots or account.warm_mark == self.transaction:
                found[address] = slots
        return found
