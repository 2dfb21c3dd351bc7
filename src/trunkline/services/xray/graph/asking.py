"""Graphs of a time range or of some traces, of all that happened or of a group. Called in a thread: they take time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import orjson

from trunkline.aws.service import Doc
from trunkline.engines.telemetry import Telemetry
from trunkline.services.xray.graph.joining import Happened, Records, join, of_traces
from trunkline.services.xray.groups import Selects
from trunkline.services.xray.segments import facts
from trunkline.services.xray.segments.intake import owner_of
from trunkline.services.xray.segments.trace import assemble

_AT_ONCE = 500
_SLACK_MS = 15 * 60_000
"""Callers are looked for this far around a range: one that is counted may have been called by one that is not."""


class Asking:
    def __init__(self, telemetry: Telemetry, account: str, region: str) -> None:
        self._telemetry = telemetry
        self._account = account
        self._owner = owner_of(account, region)

    def range(self, start: float, end: float, only: Selects | None) -> Happened:
        """What began with start ≤ time < end; `only` what belongs to traces that it selects."""
        low, high = int(start * 1000), int(end * 1000)
        records = facts.unpack(self._telemetry.segment_facts(self._owner, low - _SLACK_MS, high + _SLACK_MS))
        if only is not None:
            inside = records[(records["start"] >= start) & (records["start"] < end)]
            records = of_traces(records, self._matching(inside, only))
        happened = join(records, self._telemetry.segment_labels(self._owner))
        return during(happened, start, end)

    def traces(self, ids: Sequence[str]) -> Happened:
        found = self._telemetry.segments(self._owner, ids)
        return of_documents([orjson.loads(text) for texts in found.values() for text in texts], self._account)

    def _matching(self, records: Records, only: Selects) -> set[tuple[int, int]]:
        halves = set(zip(records["trace_high"].tolist(), records["trace_low"].tolist(), strict=True))
        by_id = {facts.trace_id(high, low): (high, low) for high, low in halves}
        ids = list(by_id)
        found = set()
        for at in range(0, len(ids), _AT_ONCE):
            for id_, texts in self._telemetry.segments(self._owner, ids[at : at + _AT_ONCE]).items():
                if only(assemble(id_, texts, self._account)):
                    found.add(by_id[id_])
        return found


def of_documents(documents: Iterable[Doc], account: str) -> Happened:
    labels: dict[int, str] = {}
    packed = b"".join(record for one in documents for record in facts.pack(one, account, labels))
    return join(facts.unpack([(0, packed)]), labels)


def during(happened: Happened, start: float, end: float) -> Happened:
    """The part that began in a time range, without the nodes that had no part in it."""
    visits, crossings = (
        part[(part["start"] >= start) & (part["start"] < end)] for part in (happened.visits, happened.crossings)
    )
    present = np.union1d(visits["node"], crossings["source"])
    crossings = crossings[np.isin(crossings["destination"], present)]
    return Happened(visits, crossings, {number: happened.nodes[number] for number in map(int, present)})
