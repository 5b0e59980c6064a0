"""What is done so often that it is compiled: hashes, RLP, tries, key recovery.

Each module chooses: `x.py` offers the compiled `_x_c` where it was built and else its
readable reference, `_x_py` or a library.  BYLINE_NO_EXTENSIONS=1 chooses every reference.

    keccak.py  Keccak-256; _keccak_c.pyx, or eth_hash
"""
