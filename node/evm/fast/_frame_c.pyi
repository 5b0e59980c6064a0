class Frame:
    """One call or creation under way; only the modules here look into one."""

class Arena:
    """The words of all stacks of one run."""
