from byline.node.evm.fast._environment_c import Environment

class Interpreter(Environment):
    """An environment that runs code; opened by a subclass alone."""
