"""Whose words an answer is made of: commitments, spans, weights, and the proof of a lie.

    tokens.py        text to tokens
    suffix_array.py  the order of all positions
    dataset.py       texts, owners, roots, openings
    folder.py        a dataset on disk
    passages.py      from tokens back to text
    corpus.py        a model's datasets: lookups, the engine's id
    spans.py         which parts of an output stand there
    evidence.py      the leaves of an output
    weights.py       leaves to points, points to payouts
    fixed_point.py   logarithms in whole numbers
    encoding.py      the leaves that an inference commits to, as bytes
    structure.py     how leaves must stand
    faults.py        what can be wrong, and which challenge proves it
    check.py         what is wrong with a record
    batch_check.py   what is wrong with a batch or a dataset
    challenges.py    what the ledger is shown
    receipts.py      what a payer signs
    proving.py       from a fault to its challenge
    index.py         all that the contracts told, in one value; its parts are
                     index_events.py, index_rows.py, index_registry.py, index_bonds.py,
                     index_ledger.py, index_vault.py
    index_usage.py   what the index has about one model
    funding.py       who paid whom
    metrics.py       how a model is used, and what of it looks like noise
    holdings.py      the datasets' contents that a node holds
    watching.py      what a watcher makes of datasets, records and batches
    watching_actions.py   what it does about that; watching_report.py what it says
    influence/       second opinions on small models, and how far each may be believed

What asks, serves and waits:

    client.py             the contracts for programs; client_sync.py without asyncio
    client_values.py      what they are told and say
    client_batches.py     batches, records, settlements
    client_calls.py       calls and their refusals by name
    client_http.py        the payer's side of a paid answer
    client_settling.py    a batch's list, at once or in chunks
    client_claims.py      what is behind a root for whom
    client_explain.py     one record in lines of text
    deploying.py          the contracts on a chain whose genesis has none
    payments.py           what is said over HTTP about a payment
    payments_book.py      offers and receipts: every rule of taking money
    payments_journal.py   receipts on disk; payments_store.py both together
    serving.py            the paid endpoint
    serving_models.py     what answers behind it
    serving_chain.py      what it asks its chain
    serving_service.py    endpoint and operator over one journal
    watching_shell.py     the watcher at work; watching_chain.py follows the events,
                          watching_evidence.py finds what is known beside the chain
    operator.py           from receipts to records, settlement and the bond back

All else is synchronous.  Floats stay in influence/; what a record commits to never was one.
"""
