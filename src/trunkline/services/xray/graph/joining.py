"""From facts to what happened: visits (a node served) and crossings (one node called another).

All by columns: the joins over hundreds of thousands of records are sorts and binary searches of numpy. This module is
imported when the first graph is asked for, so that the server starts without numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trunkline.services.xray.segments import facts
from trunkline.services.xray.segments.nodes import CLIENT, Node

Records = NDArray[Any]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

VISIT = np.dtype(
    [("node", "i8"), ("start", "f8"), ("end", "f8"), ("last", "f8"), ("flags", "u4"), ("root", "?"), ("inferred", "?")]
)
"""`end`: when it answered; `last`: when the last work that it began was done."""
CROSSING = np.dtype(
    [("source", "i8"), ("destination", "i8"), ("start", "f8"), ("end", "f8"), ("flags", "u4"), ("link", "?")]
)
"""Of a link (a message taken from a queue), start and end tell the message's age instead of a response time."""

_HOPS = 64
"""How long a chain of subsegments sent one by one is followed to its segment."""


@dataclass(slots=True)
class Happened:
    visits: Records
    crossings: Records
    nodes: dict[int, Node]


def join(records: Records, labels: Mapping[int, str]) -> Happened:
    links = records[(records["flags"] & facts.LINK) != 0]
    records = _latest(records[(records["flags"] & facts.LINK) == 0])
    keys = _keys(records, "id")  # sorted: `_latest` ordered by them
    is_segment = (records["flags"] & facts.SEGMENT) != 0
    is_call = (records["flags"] & facts.CALL) != 0
    segment_of = _segments(records, keys, is_segment)

    has_parent = records["parent"] != 0
    called = np.flatnonzero(is_segment & has_parent)
    parents = _look_up(keys, _keys(records[called], "parent"))
    called, parents = called[parents >= 0], parents[parents >= 0]
    answered = np.zeros(len(records), "?")
    answered[parents] = True
    inferred = is_call & ~answered

    visits = _visits(records, is_segment | inferred, segment_of)
    visits["inferred"] = inferred[is_segment | inferred]
    visits["root"] = (is_segment & ~has_parent)[is_segment | inferred]

    nodes = {int(number): Node.labelled(labels[int(number)]) for number in np.unique(visits["node"])}
    entered = is_segment & ~has_parent
    clients = {number: Node(nodes[number].name, CLIENT) for number in map(int, np.unique(records["node"][entered]))}
    nodes |= {client.number: client for client in clients.values()}

    crossings = np.concatenate(
        [
            _entries(records[entered], {number: client.number for number, client in clients.items()}),
            _between(records, called, parents, segment_of),
            _outward(records, inferred & (segment_of >= 0), segment_of),
            _linked(links, records, keys, segment_of),
        ]
    )
    return Happened(visits, crossings, nodes)


def of_traces(records: Records, traces: set[tuple[int, int]]) -> Records:
    """The records of these traces, given as the two halves of their ids."""
    wanted = np.array(sorted(traces), dtype="u8").reshape(-1, 2)
    mixed = _mix(wanted[:, 0], wanted[:, 1], np.zeros(len(wanted), "u8"))
    own = _mix(records["trace_high"], records["trace_low"], np.zeros(len(records), "u8"))
    return records[np.isin(own, mixed)]


def _mix(high: Records, low: Records, id_: Records) -> Records:
    """One number for three: ids are random, but only unique in their trace."""
    odd = [np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)]
    with np.errstate(over="ignore"):
        mixed: Records = (high * odd[0]) ^ (low * odd[1]) ^ (id_ * odd[2])
        found: Records = mixed ^ (mixed >> np.uint64(29))
    return found


def _keys(records: Records, member: str) -> Records:
    return _mix(records["trace_high"], records["trace_low"], records[member])


def _latest(records: Records) -> Records:
    """One record for each entity, in the order of keys: the last to come, but nothing open after what is complete."""
    keys = _keys(records, "id")
    complete = (records["flags"] & facts.OPEN) == 0
    order = np.lexsort((complete, keys))  # stable: among equals, as they came
    ordered = keys[order]
    last = np.ones(len(order), "?")
    last[:-1] = ordered[1:] != ordered[:-1]
    found: Records = records[order[last]]
    return found


def _look_up(keys: Records, wanted: Records) -> Numbers:
    """Where each wanted key stands, or -1."""
    if not len(keys):
        return np.full(len(wanted), -1, "i8")
    at = np.searchsorted(keys, wanted)
    at[at == len(keys)] = 0
    return np.where(keys[at] == wanted, at, -1)


def _segments(records: Records, keys: Records, is_segment: Mask) -> Numbers:
    """Where the segment of each entity stands, or -1. What was sent by itself asks its parents."""
    found = np.where(is_segment, np.arange(len(records)), -1)
    inside = np.flatnonzero(~is_segment & (records["segment"] != 0))
    found[inside] = _look_up(keys, _keys(records[inside], "segment"))
    pending = np.flatnonzero((found < 0) & (records["parent"] != 0))
    parents = _look_up(keys, _keys(records[pending], "parent"))
    pending, parents = pending[parents >= 0], parents[parents >= 0]
    for _ in range(_HOPS):
        known = found[parents]
        if not (known >= 0).any():
            break
        found[pending] = known
        pending, parents = pending[known < 0], parents[known < 0]
    return found


def _visits(records: Records, which: Mask, segment_of: Numbers) -> Records:
    last = records["end"].copy()
    later = np.flatnonzero((segment_of >= 0) & (records["end"] > records["end"][segment_of]))
    np.maximum.at(last, segment_of[later], records["end"][later])
    chosen = records[which]
    found = np.zeros(len(chosen), VISIT)
    for member in ("node", "start", "end", "flags"):
        found[member] = chosen[member]
    found["last"] = last[which]
    return found


def _crossings(source: Numbers, destination: Numbers, measured: Records) -> Records:
    found = np.zeros(len(measured), CROSSING)
    found["source"], found["destination"] = source, destination
    for member in ("start", "end", "flags"):
        found[member] = measured[member]
    return found


def _entries(roots: Records, clients: Mapping[int, int]) -> Records:
    sources = np.array([clients[number] for number in map(int, roots["node"])], "i8")
    return _crossings(sources, roots["node"], roots)


def _between(records: Records, called: Numbers, parents: Numbers, segment_of: Numbers) -> Records:
    """Segments that an entity of another segment called, measured by the caller where it measured."""
    callers = segment_of[parents]
    called, parents, callers = called[callers >= 0], parents[callers >= 0], callers[callers >= 0]
    is_call = (records["flags"][parents] & facts.CALL) != 0
    measured = records[np.where(is_call, parents, called)]
    return _crossings(records["node"][callers], records["node"][called], measured)


def _outward(records: Records, inferred: Mask, segment_of: Numbers) -> Records:
    calls = records[inferred]
    return _crossings(records["node"][segment_of[inferred]], calls["node"], calls)


def _linked(links: Records, records: Records, keys: Records, segment_of: Numbers) -> Records:
    """Messages: from the segment whose entity sent it to the one that names it."""
    links = _latest(links)
    at = _look_up(keys, _keys(links, "parent"))
    links, at = links[at >= 0], at[at >= 0]
    sent = segment_of[at]
    links, at, sent = links[sent >= 0], at[sent >= 0], sent[sent >= 0]
    found = _crossings(records["node"][sent], links["node"], links)
    found["link"] = True
    found["end"], found["start"] = links["start"], np.minimum(records["end"][at], links["start"])
    return found
