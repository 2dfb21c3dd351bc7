"""The table of the public samples, as Markdown on standard output; an argument narrows it to some paths."""

import sys

from tests.wire.templates.everything import everything
from tests.wire.templates.table import table

print(table(everything(sys.argv[1] if len(sys.argv) > 1 else "")), end="")
