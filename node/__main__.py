"""`python -m byline.node` is `byline`."""

import sys

from byline.node.cli import main

if __name__ == "__main__":
    sys.exit(main())
