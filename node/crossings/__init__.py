"""What crosses between the chains: read from blocks, told in the log.

calls.py   what a message through the bridges asks for
events.py  the deposits and withdrawals that a block holds
words.py   a line for each
teller.py  which lines, how many, and why a deposit failed
"""
