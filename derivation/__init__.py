"""L1 data to L2 blocks and back: pure and synchronous.

Bytes and values go in, values come out; nothing here waits, reads a clock or a disk, or
draws a random number.  The nouns are in types.py, header.py, transaction.py, receipt.py and
block.py, what is agreed upon in config.py and constants.py, what may go wrong in errors.py;
senders.py recovers who signed many at once;
hashing.py and trie.py make the hashes, rlp_items.py reads what RLP wraps; `kernels/` holds
what is done so often that it is compiled.

How L1 blocks become L2 blocks (pipeline.py wires it, `stages/` holds one file a stage):

1. pipeline.py                  L1 traversal: blocks are provided in order, config updates apply
2. stages/l1_retrieval.py       L1 block -> data items of the batcher (calldata, blob.py)
3. stages/frame_queue.py        data item -> frames (frame.py)
4. stages/channel_assembler.py  frames -> channel (channel.py)
5. stages/channel_reader.py     channel -> batches (compression.py, batch/)
6. stages/batch_stream.py       span batches -> singular ones (batch/validity.py)
7. stages/batch_validator.py    the next block's batch, or a forced empty one (batch/validity.py)
8. stages/attributes_queue.py   batch -> payload attributes (attributes.py, which the sequencer
                                shares: l1_info.py, deposits.py, system_config.py, upgrades.py)
9. the engine executes them: that is the node's part

What a block costs and commits to: base_fee.py (the price of gas), blob_parameters.py (that of
blobs), intrinsic.py (gas before execution), fees.py (L1 data fee and operator fee),
output_root.py; earlier.py has what blocks before Holocene say and charge.

On devnets dev_schedule.py holds what the DevControl contract declares of single L2 blocks
(dev_events.py): times, header fields (dev_fields.py), forced deposits (dev_deposits.py) and, in
these, edits of the state (dev_edits.py).  channel_out.py goes the other way, from L2 blocks to
frames, for the batcher.
"""
