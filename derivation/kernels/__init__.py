"""What is done so often that it is compiled: hashes, RLP, tries, key recovery.

Each module chooses: `x.py` offers the compiled `_x_c` where it was built and else its
readable reference, `_x_py` or a library.  BYLINE_NO_EXTENSIONS=1 chooses every reference.
"""
