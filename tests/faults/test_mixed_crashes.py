"""One point of the runs over resources of many kinds (`python -m tests.faults --only mixed-create` and so on: all)."""

from pathlib import Path

from tests.faults.kills import Kills
from tests.faults.mixed import Create


def test_a_killed_server_leaves_nothing_of_a_stack_behind(tmp_path: Path) -> None:
    result = Kills(Create(), tmp_path).run(1)
    assert result.stuck == []
    assert result.different == {}
