def g1_add(data: bytes) -> bytes:
    """See `_bls12_381_py.g1_add`."""

def g2_add(data: bytes) -> bytes:
    """See `_bls12_381_py.g2_add`."""

def g1_msm(data: bytes) -> bytes:
    """See `_bls12_381_py.g1_msm`."""

def g2_msm(data: bytes) -> bytes:
    """See `_bls12_381_py.g2_msm`."""

def pairing(data: bytes) -> bytes:
    """See `_bls12_381_py.pairing`."""

def map_fp_to_g1(data: bytes) -> bytes:
    """See `_bls12_381_py.map_fp_to_g1`."""

def map_fp2_to_g2(data: bytes) -> bytes:
    """See `_bls12_381_py.map_fp2_to_g2`."""
