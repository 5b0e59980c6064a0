"""The L2: its engine, who sequences it, who posts it, who derives it.

engine.py      executes attributes and keeps the three heads
admission.py   what the head asks of a transaction that wants to wait
conditional.py transactions that get into a block only while conditions hold
da_limits.py   how much data a block that is built here may take on the L1
sequencer.py   picks the L1 origin and the time of the next block
batcher.py     unsafe blocks to L1 transactions, by way of
  batcher_settings.py    what an operator chooses
  channel_policy.py      how much goes into a channel, and when it has to go
  data_availability.py   calldata or blobs, and what either costs
  inbox_transaction.py   the signed transactions, blobs with their proofs
  inflight.py            what is on its way, and higher fees for what waits
safe_heads.py  which L2 block was safe at which L1 block
driver.py      L1 blocks through the pipeline to the safe and finalized heads
fee_answers.py what the GasPriceOracle says of a fee, without running it
outputs.py     the output roots of blocks
proposer.py    when to claim an output root on the L1, and the call (sent by rollups/)
"""
