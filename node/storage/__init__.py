"""Where the node keeps its chains.

kv          KeyValue: what a store of bytes promises; MemoryKV; Prefixed
leveldb     LevelKV: the same on disk
overflow    OverflowKV: in memory, and what is more on disk, for the time of a process
temporary   folders for that time, and the end of those that were left behind
tables      every table: prefix, keys, values
store       ChainStore: one chain, one atomic batch a block
atomic      StateDatabase: what py-evm reads and writes
migrations  the schema version
lru         bounded memory of what was read last
"""
