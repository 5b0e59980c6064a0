"""`byline demo`: real texts, real questions, and every author of an answer paid for it.

corpus.py       the texts and who gave them
questions.py    what is asked
model.py        answers from the texts
spans.py        which parts of an answer stand in which text
fixed_point.py  the logarithms that weigh them, in whole numbers
attribution.py  question to weights
evidence.py     what a payment commits to
loop.py         payment, settlement, claims, batches: the chain's side
verdict.py      a fresh verifier in a process of its own
screen.py       what the user sees
"""
