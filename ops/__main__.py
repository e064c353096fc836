"""`python -m ops`: the same as the command `strangler`."""

import sys

from ops.cli import main

sys.exit(main())
