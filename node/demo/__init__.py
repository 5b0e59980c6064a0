"""`byline demo`: real texts, real questions, and every author of an answer paid for it.

texts.py       the texts of a base model and its adapter, and who gave them
medical.py     the definitions of an installed ontology
questions.py   what is asked
people.py      contributors, payers, operators: accounts with keys that are worth nothing
infinigram.py  a language model that knows where it has each token from
model.py       datasets, corpora and models of a library of texts
loss.py        how well a corpus foretells texts
plan.py        who asks: payers, those who come back, a contributor who pays itself
asking.py      the questions of a run, answered
truth.py       how much of the model's knowledge the attribution found
desk.py        what payers sign and operators record
chain.py       transactions, views, events
setup.py       registered, bonded, deposited
recording.py   recorded, published, refunded, settled
watching.py    the watcher's core at work: records recomputed, a lie challenged
play.py        the trade in order
claims.py      the ways out of the vault
paying.py      who takes what
demand.py      real demand or noise, as the node tells it
explaining.py  one payout, from words to wei, and every answer verified
books.py       every wei
closing.py     what is shown at the end
screen.py      tables and lines
audit.py       every root recomputed from events
verifier.py    a process that derives the chain from the L1, and audits it
verdict.py     starts that process
"""
