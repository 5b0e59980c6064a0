"""What is done so often that it is compiled: hashes, RLP, tries, key recovery.

Each module chooses: `x.py` offers the compiled `_x_c` where it was built and else its
readable reference, `_x_py` or a library.  BYLINE_NO_EXTENSIONS=1 chooses every reference.

    keccak.py  Keccak-256; _keccak_c.pyx, or eth_hash
    rlp.py     RLP; _rlp_c.pyx, or _rlp_py.py over the rlp library
    rlp_types.py  what of it both share
    secp256k1.py  who signed; _secp256k1_c.pyx over libsecp256k1, or _secp256k1_py.py over eth_keys
    bloom.py   the filter over logs; _bloom_c.pyx, or _bloom_py.py
    fastlz.py  the compressed size of a transaction; _fastlz_c.pyx, or _fastlz_py.py
    trie.py    Merkle-Patricia tries; _trie_c.pyx over _trie_node_c.pyx (nodes and their RLP) and
               _trie_walk_c.pyx (walks), or _trie_py.py over py-trie
    trie_errors.py  how a trie asks for nodes, and refuses keys and nodes
"""
