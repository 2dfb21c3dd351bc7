"""A sample of the full fault runs (`python -m tests.faults`), small enough for every change."""

from pathlib import Path

import pytest

from tests.faults.deployment import Deployment
from tests.faults.kills import Kills
from tests.faults.pipeline import Pipeline
from tests.faults.writes import acknowledged_writes


@pytest.mark.parametrize("scenario", [Deployment, Pipeline])
def test_a_killed_server_takes_the_run_up_where_it_was(tmp_path: Path, scenario: type[Deployment | Pipeline]) -> None:
    result = Kills(scenario(), tmp_path).run(2)
    assert result.stuck == []
    assert result.different == {}
    assert result.killed >= 1


def test_no_acknowledged_write_is_lost(tmp_path: Path) -> None:
    result = acknowledged_writes(tmp_path, 300)
    assert result["lost"] == 0, result
    assert result["kills"] >= 1
