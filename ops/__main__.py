"""`python -m ops`: the same as the command `strangler`."""

import sys

from ops.cli import main

if __name__ == "__main__":  # processes of a comparison import it too
    sys.exit(main())
