def fastlz_length(data: bytes) -> int:
    """See `_fastlz_py.fastlz_length`."""
