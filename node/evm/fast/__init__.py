"""The fast engine: state and interpreter in Cython behind `machine.Machine`.

Its twin is the reference engine, `pyevm`: both run every block of the tests and must
agree in status, gas, output, logs, steps and state root.

engine.py         FastEngine, and what it keeps between machines
_word_c           arithmetic modulo 2**256
_code_c           code with its jump destinations, and a cache of it
_account_c        an account, and its record in the trie
_tries_c          tries that were opened or committed lately
_state_c          journaled accounts, words and marks over the tries
_environment_c    block, transaction, tracer, and how a run lets others live
_frame_c          a call under way: its memory, and where its stack lies
_messages_c       what calls and creations share: how they are entered and finished
_calls_c          how calls begin, of code and of natives; self-destruction
_creations_c      how creations begin, and where new contracts stand
_native_frame_c   native functions that work on the storage of their caller
_storage_c        SSTORE, TSTORE, LOG
_interpreter_c    the loop over opcodes
_machine_c        FastMachine: a transaction's message in, its outcome out
"""
