"""Creations; only `_interpreter_c` and `_machine_c` call them."""
