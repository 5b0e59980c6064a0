"""Second opinions: influence engines on small models, and how far each may be believed.

    table.py     rows of numbers with labels, split and dealt the same way everywhere
    logistic.py  logistic regression, fitted the same way every time
    scores.py    leave-one-out, exact influence, DataInf
    knn.py       exact Shapley values of a vote of nearest neighbours
    engines.py   the engines by name, their parameters and ids
    quantise.py  scores to whole numbers
    fidelity.py  rank correlation of each engine with leave-one-out

The only floats of attribution are in here.  They may differ in their last bits from one
machine to the next, so no one-step challenge exists for them: what leaves this folder are
whole numbers with the id of the engine that made them.
"""
