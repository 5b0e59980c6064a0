"""What clients of `debug_trace*` and `trace_*` see of a transaction, in geth's forms.

base.py           what every tracer gets and gives, and how much it may give
opcode_table.py   opcodes by geth's names, with operands and constant gas
gas.py            what an opcode would have cost, for those that halted
words.py          how a halt is called, to the letter
call_tree.py      frames of a transaction as a tree; what calls, flat and Parity are made of
calls.py          callTracer
flat.py           flatCallTracer, and traces in Parity's form
prestate.py       prestateTracer, and Parity's state differences
struct_logs.py    the default: every opcode
four_byte.py      4byteTracer
mux.py            muxTracer
vm.py             Parity's vmTrace
replayed.py       what `trace_replay*` and `trace_call` show
registry.py       the tracers by name

Source: geth `eth/tracers` for results and the order of their members; op-geth for deposits.
"""
