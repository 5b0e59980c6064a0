"""`byline attribution`: serve a model that is paid for, and look after what is paid.

One line a subcommand; the modules are such as those of commands.
"""

from __future__ import annotations

from typing import Final

from byline.node.cli import Command

SUBCOMMANDS: Final[tuple[Command, ...]] = (
    Command(
        "register", "byline.node.cli.attribution_register", "make datasets and a model of texts"
    ),
    Command("serve", "byline.node.cli.attribution_serve", "serve a model that is paid by answer"),
    Command("watch", "byline.node.cli.attribution_watch", "recheck records, challenge lies"),
    Command("explain", "byline.node.cli.attribution_explain", "an answer down to paid words"),
    Command("verify", "byline.node.cli.attribution_verify", "what is wrong with an answer"),
    Command("status", "byline.node.cli.attribution_status", "what is on record and held"),
    Command("deploy", "byline.node.cli.attribution_deploy", "put the contracts on another chain"),
    Command("fidelity", "byline.node.cli.attribution_fidelity", "measure influence engines"),
)
