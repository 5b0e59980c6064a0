def operate(name: str, *operands: int) -> int:
    """Return what the operation `name` makes of words, for tests.

    Names are those of the opcodes, such as "SMOD"; operands stand in the opcode's order.
    Raises `OverflowError` for what is not a word, `ValueError` for another name or count.
    """
