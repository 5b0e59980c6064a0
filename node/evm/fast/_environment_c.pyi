from byline.node.evm.fast._state_c import State

class Environment(State):
    """State, and what opcodes see beside it; opened by a subclass alone."""
