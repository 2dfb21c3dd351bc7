"""Records of many sources in one order, each source opened only when the order has come to where it may begin."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from trunkline.engines.telemetry.interface import LogRecord


class Source(NamedTuple):
    """`edge_ms`: no record comes earlier (backward: later). `open` reads it in the order asked for."""

    edge_ms: int
    open: Callable[[], Iterator[LogRecord]]


def merged(sources: Sequence[Source], *, backward: bool) -> Iterator[LogRecord]:
    if len(sources) == 1:
        yield from sources[0].open()
        return
    waiting = sorted(sources, key=lambda source: source.edge_ms, reverse=not backward)  # the next one last
    heap: list[tuple[tuple[int, ...], int, LogRecord, Iterator[LogRecord]]] = []
    sign = -1 if backward else 1
    number = 0
    while waiting or heap:
        while waiting and (not heap or sign * waiting[-1].edge_ms <= heap[0][0][0]):
            records = waiting.pop().open()
            record = next(records, None)
            if record is not None:
                number += 1
                heapq.heappush(heap, (_key(record, sign), number, record, records))
        if not heap:
            continue
        _, tie, record, records = heap[0]
        yield record
        following = next(records, None)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (_key(following, sign), tie, following, records))


def _key(record: LogRecord, sign: int) -> tuple[int, ...]:
    time_ms, slice_s, batch, place = record.cursor
    return (sign * time_ms, sign * slice_s, sign * batch, sign * place)
