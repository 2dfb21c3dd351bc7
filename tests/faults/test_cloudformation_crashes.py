"""A sample of the stacks' fault runs (`python -m tests.faults --only cloudformation-update` and so on are whole)."""

from pathlib import Path

import pytest

from tests.faults.cloudformation import Create, FailedUpdate, Stack
from tests.faults.kills import Kills


@pytest.mark.parametrize(("scenario", "points"), [(Create, 1), (FailedUpdate, 2)])
def test_a_killed_server_brings_the_stack_to_the_same_end(tmp_path: Path, scenario: type[Stack], points: int) -> None:
    result = Kills(scenario(), tmp_path).run(points)
    assert result.stuck == []
    assert result.different == {}
