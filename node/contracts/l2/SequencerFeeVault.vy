# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title SequencerFeeVault
@notice Collects what senders pay for priority, as the beneficiary of every block.
@dev Module _fee_vault says which slots genesis writes.
"""

from l2 import _fee_vault as vault

initializes: vault

exports: (
    vault.MIN_WITHDRAWAL_AMOUNT,
    vault.RECIPIENT,
    vault.WITHDRAWAL_NETWORK,
    vault.minWithdrawalAmount,
    vault.proxyAdmin,
    vault.proxyAdminOwner,
    vault.recipient,
    vault.setMinWithdrawalAmount,
    vault.setRecipient,
    vault.setWithdrawalNetwork,
    vault.totalProcessed,
    vault.withdraw,
    vault.withdrawalNetwork,
)


@external
@pure
def version() -> String[5]:
    """
    @notice The level of the OP Stack contract that this one answers like.
    """
    return "1.6.1"


@external
@view
def l1FeeWallet() -> address:
    """
    @notice An older name of recipient.
    """
    return vault._recipient()


@external
@payable
def __default__():
    """
    @notice Anybody may add to the fees.
    """
    assert len(msg.data) == 0
