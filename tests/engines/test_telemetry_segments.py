"""What the segment store does with trace segments."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trunkline.core.clock import ManualClock
from trunkline.engines.telemetry import SegmentBatch, SegmentDocument
from trunkline.engines.telemetry.sqlite.segments import SLICE_S, SegmentStore


class Rig:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.store = SegmentStore(directory, self.clock)

    def restart(self) -> None:
        self.store.close()
        self.store = SegmentStore(self.directory, self.clock)

    async def put(self, *documents: SegmentDocument, facts: bytes = b"f", at_ms: int = 0, owner: str = "o") -> None:
        received_ms = int(self.clock.time() * 1000)
        await self.store.put(SegmentBatch(owner, documents, facts, at_ms, at_ms + 10, received_ms, {7: "seven"}))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.store.close()


def document(trace: str, segment: str, body: str, *, final: bool = True) -> SegmentDocument:
    return SegmentDocument(trace, segment, final, body)


async def test_documents_come_back_by_trace_and_owner_after_a_restart(rig: Rig) -> None:
    await rig.put(document("t", "1", "a"), document("t", "2", "b"), document("u", "1", "c"))
    await rig.put(document("t", "1", "other"), owner="p")
    rig.restart()
    assert rig.store.documents("o", ["u", "t", "x"]) == {"u": ["c"], "t": ["a", "b"]}
    assert rig.store.documents("p", ["t"]) == {"t": ["other"]}
    assert rig.store.owners() == ["o", "p"]
    assert rig.store.labels("o") == {7: "seven"}


async def test_what_is_final_replaces_what_is_not_and_is_only_replaced_by_what_is(rig: Rig) -> None:
    for final, body, expected in (
        (False, "begun", "begun"),
        (False, "going on", "going on"),
        (True, "done", "done"),
        (False, "late", "done"),
        (True, "put right", "put right"),
    ):
        await rig.put(document("t", "1", body, final=final))
        assert rig.store.documents("o", ["t"]) == {"t": [expected]}


async def test_a_trace_is_put_together_from_several_files(rig: Rig) -> None:
    await rig.put(document("t", "1", "begun", final=False), document("t", "2", "kept"))
    await rig.clock.advance(SLICE_S)
    await rig.put(document("t", "1", "done"))
    assert len(list(rig.directory.glob("segments-*.sqlite"))) == 2
    assert rig.store.documents("o", ["t"]) == {"t": ["done", "kept"]}
    await rig.clock.advance(SLICE_S)
    await rig.put(document("t", "1", "late", final=False))
    assert rig.store.documents("o", ["t"])["t"][0] == "done"


async def test_facts_are_found_by_what_they_span_or_by_arrival(rig: Rig) -> None:
    for number in range(3):
        await rig.put(document("t", str(number), ""), facts=str(number).encode(), at_ms=100 * number)
        await rig.clock.advance(1)

    def facts(start_ms: int, end_ms: int, by_arrival: bool = False) -> bytes:
        return b"".join(one.facts for one in rig.store.facts("o", start_ms, end_ms, by_arrival))

    assert facts(0, 1000) == b"012"
    assert facts(105, 200) == b"1"
    assert facts(111, 200) == b""
    now = int(rig.clock.time() * 1000)
    assert facts(now - 2000, now, by_arrival=True) == b"12"


async def test_files_expire_as_a_whole(rig: Rig) -> None:
    await rig.put(document("t", "1", "old"))
    await rig.clock.advance(SLICE_S)
    await rig.put(document("t", "2", "young"))
    now_ms = int(rig.clock.time() * 1000)
    rig.store.expire(now_ms - SLICE_S * 1000)
    assert rig.store.documents("o", ["t"]) == {"t": ["old", "young"]}
    rig.store.expire(now_ms)
    assert rig.store.documents("o", ["t"]) == {"t": ["young"]}
    rig.store.expire(now_ms)
    assert len(list(rig.directory.glob("segments-*.sqlite"))) == 1
