"""A writer killed at random moments, also while it compacts: every acknowledged record is there once.

The long run: `python -m tests.faults --only telemetry`.
"""

from pathlib import Path

from tests.faults.telemetry import killed_ingest

KILLS = 4


def test_nothing_acknowledged_is_lost_or_doubled_by_sigkill(tmp_path: Path) -> None:
    found = killed_ingest(tmp_path, KILLS, seed=11)
    assert found["acknowledged"] > 100
    bad = ("lost", "doubled", "returned", "seams", "asked_otherwise")
    assert [found[name] for name in bad] == [0] * len(bad), found
