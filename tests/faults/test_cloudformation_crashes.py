"""A sample of the stacks' fault runs (`python -m tests.faults --only cloudformation-update` and so on are whole)."""

from pathlib import Path

from tests.faults.cloudformation import FailedUpdate
from tests.faults.kills import Kills


def test_a_killed_server_brings_a_failing_update_to_the_same_end(tmp_path: Path) -> None:
    result = Kills(FailedUpdate(), tmp_path).run(2)
    assert result.stuck == []
    assert result.different == {}
