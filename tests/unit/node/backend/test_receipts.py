from byline.node.backend.receipts import located_receipt, located_receipts
from byline.node.contracts.addresses import L2_CONTRACTS
from byline.node.rollups.rollup import BlockMade, Mining
from tests.integration.rollups import ALICE, world


def test_one_receipt_alone_is_the_same_as_among_all_of_its_block() -> None:
    here = world()
    here.rollup.mining = Mining(automine=False)
    wrapped = L2_CONTRACTS["WETH"]
    for number in range(4):
        # A deposit into WETH leaves a log, a plain transfer none.
        to = wrapped if number % 2 else ALICE.address
        here.send("l2", to=to, gas=100_000)
    here.rollup.mine_l2()
    made = [one for one in here.happened if isinstance(one, BlockMade) and one.chain == "l2"]
    block, receipts = made[-1].executed.block, made[-1].executed.receipts
    config = here.rollup.engine.config
    together = list(located_receipts(block, receipts, config))
    assert [one.first_log_index for one in together] == [0, 0, 0, 1, 1]
    alone = [located_receipt(block, receipts, index, config) for index in range(len(receipts))]
    assert alone == together
