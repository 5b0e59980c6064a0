class Code:
    """A contract's code with its jump destinations found; immutable, free to share."""

    @property
    def raw(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...
    @property
    def delegate(self) -> bytes | None:
        """The account whose code runs instead (EIP-7702)."""

class CodeCache:
    """Prepared codes by hash, at most `most_bytes` of them; the longest unused go first.

    Threads may share one: nothing in it lets the GIL go.
    """

    def __init__(self, most_bytes: int) -> None: ...
    @property
    def most_bytes(self) -> int: ...
    @property
    def bytes_held(self) -> int: ...
    def __len__(self) -> int: ...

def jump_destinations(raw: bytes) -> list[int]:
    """Return where a jump in `raw` may go: every JUMPDEST that is not data of a PUSH."""
