"""Whose words an answer is made of: commitments, spans, weights, and the proof of a lie.

    tokens.py        text to tokens
    suffix_array.py  the order of all positions
    dataset.py       texts, owners, roots, openings
    folder.py        a dataset on disk
    holdings.py      the datasets' contents that a node holds
    passages.py      from tokens back to text
    corpus.py        a model's datasets: lookups, the engine's id
    spans.py         which parts of an output stand there
    evidence.py      the leaves of an output
    weights.py       leaves to points, points to payouts
    fixed_point.py   logarithms in whole numbers
    encoding.py      the leaves that an inference commits to, as bytes
    receipts.py      what a payer signs
    amounts.py       wei for people
    states.py        where batches and settlements are, and how a model pays
    onchain.py       a model and a batch, as the contracts have them
    proof/           what is wrong with a record, and the challenge that proves it
    index/           all that the contracts told, in one value; what it says of a model
    influence/       second opinions on small models, and how far each may be believed

What asks, serves and waits:

    client/          the contracts for programs
    serving/         an endpoint that is paid by answer, and the operator behind it
    watching/        the watcher: rechecks every record, and challenges lies

All above those three is synchronous.  Floats stay in influence/; what a record commits to
never was one.
"""
