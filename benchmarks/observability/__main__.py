"""`python -m benchmarks.observability [logs metrics traces alarms] [--quick]`: figures as JSON lines.

Every part is a module with `run(place, quick=…)` that prints its lines through `measuring.line`: `place` is an empty
folder of its own, `quick` asks for a tenth of the data. A part starts what it measures and stops it again.
"""

import argparse
import importlib
import tempfile
from pathlib import Path

PARTS = ("logs", "metrics", "traces", "alarms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.observability")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless some are named")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    for part in given.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix=f"bench-{part}-") as place:
            importlib.import_module(f"benchmarks.observability.{part}").run(Path(place), quick=given.quick)


if __name__ == "__main__":
    main()
