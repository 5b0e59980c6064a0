"""The L2: its engine, who sequences it, who posts it, who derives it.

engine.py      executes attributes and keeps the three heads
sequencer.py   picks the L1 origin and the time of the next block
batcher.py     unsafe blocks to L1 transactions
driver.py      L1 blocks through the pipeline to the safe and finalized heads
"""
