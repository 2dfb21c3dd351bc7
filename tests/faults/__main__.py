"""`python -m tests.faults [--sample N] [--writes N] [--only NAME] [--verbose]`: the full run, as one JSON line.

FAULTS_ENGINES=docker uses Docker and HAProxy instead of the fakes.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.faults import cloudformation, mixed, networks
from tests.faults.deployment import Deployment
from tests.faults.kills import Kills
from tests.faults.pipeline import Pipeline
from tests.faults.telemetry import killed_ingest
from tests.faults.writes import acknowledged_writes

SCENARIOS: dict[str, Any] = {
    "codedeploy": Deployment,
    "codepipeline": Pipeline,
    **cloudformation.SCENARIOS,
    **networks.SCENARIOS,
    **mixed.SCENARIOS,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--sample", type=int, help="so many points of each run instead of all")
    parser.add_argument("--writes", type=int, default=10_000)
    parser.add_argument("--only", choices=[*SCENARIOS, "writes", "telemetry"])
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    out: dict[str, Any] = {"benchmark": "faults", "runs": []}
    ok = True
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        for name, scenario in SCENARIOS.items():
            if given.only in (None, name):
                place = Path(folder) / name
                place.mkdir()
                result = Kills(scenario(), place, verbose=given.verbose).run(given.sample)
                ok = ok and not result.stuck and not result.different
                out["runs"].append(result.to_doc())
        out["points"] = sum(run["points"] for run in out["runs"])
        if given.only in (None, "writes"):
            out["writes"] = acknowledged_writes(Path(folder), given.writes)
            ok = ok and out["writes"]["lost"] == 0
        if given.only in (None, "telemetry"):
            out["telemetry"] = killed_ingest(Path(folder), given.sample or 200)
            bad = ("lost", "doubled", "returned", "seams", "asked_otherwise")
            ok = ok and not any(out["telemetry"][name] for name in bad)
    print(json.dumps({**out, "ok": ok}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
