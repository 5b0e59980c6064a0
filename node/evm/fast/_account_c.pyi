class Account:
    """An account as a machine sees it; only the modules here look into one."""

class CorruptAccount(ValueError):
    """What the trie holds for an account or a slot is not its record."""

def recode(record: bytes) -> bytes:
    """Decode the record of an account and encode it again, for tests.

    Raises `CorruptAccount`.
    """
