"""The fast engine: state and interpreter in Cython behind `machine.Machine`.

Its twin is the reference engine, `pyevm`: both run every block of the tests and must
agree in status, gas, output, logs, steps and state root.
"""
