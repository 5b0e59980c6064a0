"""Messages for developers: what transactions and calls did, in their own words.

visible.py       text that others chose, fit for a line
abi.py           functions and errors of a contract
code_pattern.py  what its code looks like on a chain
well_known.py    functions and errors that nearly every project has
files.py         ABI files of compilers and frameworks
sources.py       where the user says they are
library.py       what they hold, read again when they change
book.py          which contract stands where, and what a selector means
values.py        ABI-encoded values as text and as JSON
reading.py       calls and failures in words
console.py       what `console.log` was told
lines.py         what there is to tell, and the lines that tell it
transactions.py  a line for each transaction, and for calls that failed
teller.py        the thread that tells
"""
