"""Contracts that the node itself runs: curves, hashes and proofs at fixed addresses.

native.py             what an engine needs to know of one
hashes.py             SHA-256, RIPEMD-160, identity
ecrecover.py          who signed, on secp256k1
modexp.py             powers of numbers of any length, by _modexp_c or _modexp_py
bn254.py              sums, multiples and pairings on BN254, by _bn254_c or _bn254_py;
                      _bn254_c calls _bn254_pairing_c; the .pxd files beside them hold the
                      field, the tower above it, and the curves
blake2f.py            rounds of BLAKE2b
point_evaluation.py   KZG proofs
bls12_381.py          sums, multiples, pairings and maps on BLS12-381, by _bls12_381_c over
                      blst, or _bls12_381_py
p256verify.py         signatures on P-256

Which chain has which, and where, says `byline.node.evm.precompiles`.  A compiled kernel
stands in for its readable reference where it was built; BYLINE_NO_EXTENSIONS=1 chooses the
references.
"""
