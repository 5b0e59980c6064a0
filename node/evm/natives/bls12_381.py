"""Sums, multiples, pairings and maps on BLS12-381 (addresses 0x0b-0x11) and their prices.

Source: EIP-2537.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from byline.node.evm.natives.native import Native

COMPILED: bool = False
"""Whether the functions are the compiled ones."""

if TYPE_CHECKING or os.environ.get("BYLINE_NO_EXTENSIONS"):
    from byline.node.evm.natives._bls12_381_py import (
        g1_add,
        g1_msm,
        g2_add,
        g2_msm,
        map_fp2_to_g2,
        map_fp_to_g1,
        pairing,
    )
else:
    try:
        from byline.node.evm.natives._bls12_381_c import (
            g1_add,
            g1_msm,
            g2_add,
            g2_msm,
            map_fp2_to_g2,
            map_fp_to_g1,
            pairing,
        )

        COMPILED = True
    except ImportError:
        from byline.node.evm.natives._bls12_381_py import (
            g1_add,
            g1_msm,
            g2_add,
            g2_msm,
            map_fp2_to_g2,
            map_fp_to_g1,
            pairing,
        )

G1_ADD_GAS: Final = 375
G2_ADD_GAS: Final = 600
G1_MUL_GAS: Final = 12_000
G2_MUL_GAS: Final = 22_500
MAP_FP_GAS: Final = 5_500
MAP_FP2_GAS: Final = 23_800
PAIRING_GAS: Final = 37_700
PAIR_GAS: Final = 32_600

G1_PART: Final = 160
"""Bytes of a point of G1 and its scalar."""
G2_PART: Final = 288
"""Bytes of a point of G2 and its scalar."""
PAIR: Final = 384
"""Bytes of a point of G1 and one of G2."""

# fmt: off
G1_DISCOUNTS: Final = (
    1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677, 673, 669,
    665, 661, 658, 654, 651, 648, 645, 642, 640, 637, 635, 632, 630, 627, 625, 623, 621, 619,
    617, 615, 613, 611, 609, 608, 606, 604, 603, 601, 599, 598, 596, 595, 593, 592, 591, 589,
    588, 586, 585, 584, 582, 581, 580, 579, 577, 576, 575, 574, 573, 572, 570, 569, 568, 567,
    566, 565, 564, 563, 562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 551, 550, 549,
    548, 547, 547, 546, 545, 544, 543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534,
    533, 532, 532, 531, 530, 529, 528, 528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520,
    520, 519,
)
"""Thousandths of the price of a multiplication, for a sum of 1, 2, ... products."""
G2_DISCOUNTS: Final = (
    1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717, 711, 704,
    699, 693, 688, 683, 679, 674, 670, 666, 663, 659, 655, 652, 649, 646, 643, 640, 637, 634,
    632, 629, 627, 624, 622, 620, 618, 615, 613, 611, 609, 607, 606, 604, 602, 600, 598, 597,
    595, 593, 592, 590, 589, 587, 586, 584, 583, 582, 580, 579, 578, 576, 575, 574, 573, 571,
    570, 569, 568, 567, 566, 565, 563, 562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552,
    552, 551, 550, 549, 548, 547, 546, 545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537,
    537, 536, 535, 535, 534, 533, 532, 532, 531, 530, 530, 529, 528, 528, 527, 526, 526, 525,
    524, 524,
)
# fmt: on
"""The same for G2; longer sums pay as the last of the list does."""


def msm_gas(part: int, price: int, discounts: tuple[int, ...]) -> Callable[[bytes], int]:
    """Return the price of a sum of products, of `part` bytes each, `price` gas for one."""

    def gas(data: bytes) -> int:
        count = len(data) // part
        discount = discounts[min(count, len(discounts)) - 1]
        return count * price * discount // 1000

    return gas


def pairing_gas(data: bytes) -> int:
    """Return the gas of a check of `len(data) // 384` pairs."""
    return PAIRING_GAS + PAIR_GAS * (len(data) // PAIR)


G1ADD: Final = Native("BLS12-381 G1 add", lambda _: G1_ADD_GAS, g1_add)
G1MSM: Final = Native("BLS12-381 G1 MSM", msm_gas(G1_PART, G1_MUL_GAS, G1_DISCOUNTS), g1_msm)
G2ADD: Final = Native("BLS12-381 G2 add", lambda _: G2_ADD_GAS, g2_add)
G2MSM: Final = Native("BLS12-381 G2 MSM", msm_gas(G2_PART, G2_MUL_GAS, G2_DISCOUNTS), g2_msm)
PAIRING: Final = Native("BLS12-381 pairing", pairing_gas, pairing)
MAP_FP_TO_G1: Final = Native("BLS12-381 map to G1", lambda _: MAP_FP_GAS, map_fp_to_g1)
MAP_FP2_TO_G2: Final = Native("BLS12-381 map to G2", lambda _: MAP_FP2_GAS, map_fp2_to_g2)
