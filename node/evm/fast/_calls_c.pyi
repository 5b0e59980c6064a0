def created_address(sender: bytes, nonce: int) -> bytes:
    """Return the address of the contract that `sender` creates with `nonce`."""
