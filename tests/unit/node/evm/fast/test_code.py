"""Where a jump may go, and how much code is kept."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from byline.node.evm.fast._code_c import jump_destinations

PUSH1, PUSH32, JUMPDEST = 0x60, 0x7F, 0x5B
code = st.lists(st.sampled_from((0, JUMPDEST, PUSH1, 0x61, PUSH32, 0x7E, 0x80))).map(bytes)


def expected(raw: bytes) -> list[int]:
    found: list[int] = []
    data = 0
    for at, op in enumerate(raw):
        if data:
            data -= 1
        elif op == JUMPDEST:
            found.append(at)
        elif PUSH1 <= op <= PUSH32:
            data = op - PUSH1 + 1
    return found


@given(code | st.binary(max_size=200))
def test_a_jump_goes_to_what_is_no_data_of_a_push(raw: bytes) -> None:
    assert jump_destinations(raw) == expected(raw)


def test_code_may_end_inside_a_push() -> None:
    for missing in range(1, 33):
        raw: Any = bytes([JUMPDEST, PUSH32]) + bytes([JUMPDEST]) * (32 - missing)
        assert jump_destinations(raw) == [0]
