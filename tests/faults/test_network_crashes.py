"""One point of the networks' fault runs (`python -m tests.faults --only network-create`, `network-delete`: all)."""

from pathlib import Path

from tests.faults.kills import Kills
from tests.faults.networks import Create


def test_a_killed_server_leaves_no_part_of_a_network_behind(tmp_path: Path) -> None:
    result = Kills(Create(), tmp_path).run(1)
    assert result.stuck == []
    assert result.different == {}
