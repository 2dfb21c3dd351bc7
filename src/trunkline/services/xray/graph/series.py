"""Statistics of nodes or edges over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trunkline.aws.service import Doc
from trunkline.services.xray import store
from trunkline.services.xray.filters import Expression
from trunkline.services.xray.filters.evaluation import selects
from trunkline.services.xray.filters.syntax import Edge, Selector, Service
from trunkline.services.xray.graph.joining import Happened, Records
from trunkline.services.xray.graph.statistics import histogram, summary
from trunkline.services.xray.insights.baseline import Baseline
from trunkline.services.xray.segments.facts import FAULT
from trunkline.services.xray.segments.nodes import CLIENT
from trunkline.services.xray.summaries.summary import moment


@dataclass(frozen=True, slots=True)
class Selection:
    """Nodes or edges; without an expression the edges that enter, which are the requests of clients."""

    expression: Expression | None
    forecast: bool = False

    def __post_init__(self) -> None:
        found = self.expression
        if found is not None and (not isinstance(found, (Service, Edge)) or found.inner is not None):
            raise store.invalid("An entity selector is service(…) or edge(…), without a filter.")
        if self.forecast and not isinstance(found, Service):
            raise store.invalid("Forecast statistics need an entity selector that names a service.")

    def of(self, happened: Happened) -> Records:
        if isinstance(self.expression, Service):
            return happened.visits[_which(happened, self.expression.selector, "node", happened.visits)]
        edges = happened.crossings
        if isinstance(self.expression, Edge):
            source, destination = self.expression.source, self.expression.destination
        else:
            source, destination = Selector(type=CLIENT), Selector()
        return edges[_which(happened, source, "source", edges) & _which(happened, destination, "destination", edges)]


def points(happened: Happened, selection: Selection, start: float, end: float, period_s: int) -> list[Doc]:
    """One for each period in which something was completed or begun."""
    chosen = selection.of(happened)
    places = np.floor(chosen["start"] / period_s).astype("i8")
    baseline = Baseline()
    found = []
    for place in np.unique(places):
        inside = chosen[places == place]
        faults, total = int(((inside["flags"] & FAULT) != 0).sum()), len(inside)
        at = float(place) * period_s
        if start - period_s < at < end:
            told = {"Timestamp": moment(at), "ResponseTimeHistogram": histogram(inside)}
            kind = "ServiceSummaryStatistics" if isinstance(selection.expression, Service) else "EdgeSummaryStatistics"
            told[kind] = summary(inside)
            if selection.forecast:
                low, high = baseline.faults_expected(total)
                told["ServiceForecastStatistics"] = {"FaultCountLow": low, "FaultCountHigh": high}
            found.append(told)
        baseline.add(faults, total)
    return found


def _which(happened: Happened, selector: Selector, member: str, among: Records) -> Records:
    numbers = [number for number, node in happened.nodes.items() if selects(selector, node)]
    found: Records = np.isin(among[member], np.array(numbers, "i8"))
    return found
