"""Who signs: a key in a file, or one of the development accounts."""

from __future__ import annotations

import argparse
from pathlib import Path

from byline.node.accounts import DEV_ACCOUNTS, DevAccount, dev_account
from byline.node.errors import ConfigError
from byline.node.keys import address_of


def add_signer(parser: argparse.ArgumentParser, who: str) -> None:
    """Add --key-file and --account, of which one may be given."""
    signer = parser.add_mutually_exclusive_group()
    signer.add_argument("--key-file", type=Path, metavar="FILE", help=f"{who}: 64 hex digits")
    signer.add_argument(
        "--account",
        type=int,
        metavar="N",
        help=f"a development account, 0 to {DEV_ACCOUNTS - 1}: worth nothing",
    )


def signer_of(arguments: argparse.Namespace) -> DevAccount | None:
    """Return who was chosen, `None` for nobody; raises `ConfigError`."""
    if arguments.account is not None:
        if not 0 <= arguments.account < DEV_ACCOUNTS:
            raise ConfigError(f"--account {arguments.account}: want 0 to {DEV_ACCOUNTS - 1}")
        return dev_account(arguments.account)
    if arguments.key_file is None:
        return None
    try:
        key = bytes.fromhex(arguments.key_file.read_text("ascii").strip().removeprefix("0x"))
        if len(key) != 32:
            raise ValueError(f"{2 * len(key)} digits in it, want 64")
        address = address_of(key)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--key-file {arguments.key_file} cannot be used: {error}") from error
    return DevAccount(address, key)
