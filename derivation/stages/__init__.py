"""The stages of derivation, each with the one before as `prev`, its own queue, and `next()`.

1. l1_retrieval.py       data items that the batcher sent to the inbox in one L1 block
2. frame_queue.py        their frames, pruned to runs that can still make a channel
3. channel_assembler.py  whole channels, one at a time
4. channel_reader.py     the batches in a channel
5. batch_stream.py       the same with span batches taken apart
6. batch_validator.py    for each next L2 block the batch that counts
7. attributes_queue.py   the payload attributes of that block

`next()` answers `Need.L1_BLOCK` when all that was provided is used up.  Data that break a
rule are dropped and recorded (reading.py); nothing that the inbox holds raises past a stage.
"""
