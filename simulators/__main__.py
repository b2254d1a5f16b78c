"""`python -m simulators KIND …`"""

import sys

from simulators.command_line import main

sys.exit(main())
