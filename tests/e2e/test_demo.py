"""The README's first promise: the main job, told by the demo, holds from end to end."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.docker
@pytest.mark.haproxy
@pytest.mark.timeout(420)
def test_the_demo_holds_everything_it_promises():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "trunkline"), "demo", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    measured = orjson.loads(done.stdout.splitlines()[-1])
    assert measured["broken"] == []
    assert measured["canary_failed"] == 0
    assert measured["crash_failed"] == 0
