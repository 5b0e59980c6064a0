"""Opcodes that write; only `_interpreter_c` calls them."""
