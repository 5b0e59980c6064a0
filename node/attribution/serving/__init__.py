"""An endpoint that is paid by answer (HTTP 402), and the operator behind it.

payments.py  what is said over HTTP about a payment
book.py      offers and receipts: every rule of taking money
bounds.py    how much is kept and done at the same time
journal.py   receipts on disk; store.py both together
models.py    what answers
computing.py its answers, bounded
chain.py     what is asked of the chain
endpoint.py  the HTTP side
operator.py  from receipts to records, settlement and the bond back
service.py   endpoint and operator over one journal
"""
