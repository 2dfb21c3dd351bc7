"""Which services fail more than they used to, and which of them is the root cause. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trunkline.services.xray.graph.joining import Happened, Records
from trunkline.services.xray.insights.baseline import Baseline
from trunkline.services.xray.model import Impact
from trunkline.services.xray.segments.facts import FAULT, OPEN
from trunkline.services.xray.segments.nodes import CLIENT, Node

MINUTE_S = 60
_LEAST_FAULTS = 5
"""Fewer faults in a minute are nobody's incident."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    root_cause: Node
    services: list[Node]
    """All that fail more than usual, the worst first."""
    usual_rate: float


def judge(happened: Happened, minute: float, calm_until: float) -> Anomaly | None:
    """The minute that begins at `minute`, against what came before `calm_until`: an incident is no baseline."""
    faults: dict[int, int] = {}
    rates: dict[int, float] = {}
    for number, node in happened.nodes.items():
        if node.type == CLIENT:
            continue
        visits = happened.visits[(happened.visits["node"] == number) & ((happened.visits["flags"] & OPEN) == 0)]
        baseline = _baseline(visits, calm_until)
        now = impact(_during(visits, minute, minute + MINUTE_S))
        if now.faults >= _LEAST_FAULTS and now.faults > baseline.faults_expected(now.total)[1]:
            faults[number] = now.faults
            rates[number] = baseline.rate
    if not faults:
        return None
    worst = sorted(faults, key=lambda number: (-faults[number], happened.nodes[number]))
    root = next((number for number in worst if not _blames(happened, number, faults)), worst[0])
    return Anomaly(happened.nodes[root], [happened.nodes[number] for number in worst], rates[root])


def impact(part: Records) -> Impact:
    done = part[(part["flags"] & OPEN) == 0]
    return Impact(int(((done["flags"] & FAULT) != 0).sum()), len(done))


def of_node(happened: Happened, node: Node, start: float, end: float) -> Impact:
    return impact(_during(happened.visits[happened.visits["node"] == node.number], start, end))


def of_clients(happened: Happened, start: float, end: float) -> Impact:
    """The requests that entered from outside."""
    clients = [number for number, node in happened.nodes.items() if node.type == CLIENT]
    entered = happened.crossings[np.isin(happened.crossings["source"], np.array(clients, "i8"))]
    return impact(_during(entered, start, end))


def _blames(happened: Happened, number: int, anomalous: dict[int, int]) -> bool:
    """Whether it calls another service that fails too."""
    called = happened.crossings["destination"][happened.crossings["source"] == number]
    return any(int(one) in anomalous for one in np.unique(called) if int(one) != number)


def _baseline(visits: Records, until: float) -> Baseline:
    found = Baseline()
    past = visits[visits["start"] < until]
    minutes = (past["start"] // MINUTE_S).astype("i8")
    for minute in np.unique(minutes):
        of_minute = impact(past[minutes == minute])
        found.add(of_minute.faults, of_minute.total)
    return found


def _during(part: Records, start: float, end: float) -> Records:
    found: Records = part[(part["start"] >= start) & (part["start"] < end)]
    return found
