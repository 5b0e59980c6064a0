"""Everything that starts, stores or waits: chains, L1, sequencer, batcher, driver, CLI."""
