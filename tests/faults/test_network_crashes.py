"""A sample of the networks' fault runs (`python -m tests.faults --only network-create` and so on are whole)."""

from pathlib import Path

import pytest

from tests.faults.kills import Kills
from tests.faults.networks import Create, Delete


@pytest.mark.parametrize("scenario", [Create, Delete])
def test_a_killed_server_leaves_no_part_of_a_network_behind(tmp_path: Path, scenario: type[Create]) -> None:
    result = Kills(scenario(), tmp_path).run(1)
    assert result.stuck == []
    assert result.different == {}
