"""A service graph as AWS tells it: nodes with their edges, by reference ids."""

from __future__ import annotations

import numpy as np

from trunkline.aws.service import Doc
from trunkline.services.xray.graph.joining import Happened, Records
from trunkline.services.xray.graph.statistics import histogram, summary
from trunkline.services.xray.segments.nodes import CLIENT, Node
from trunkline.services.xray.summaries.summary import moment


def services(happened: Happened) -> list[Doc]:
    """Every node, clients last, each with its edges."""
    visits, crossings = _by(happened.visits, "node"), _by(happened.crossings, "source")
    numbers = sorted(happened.nodes, key=lambda number: _order(happened.nodes[number]))
    references = {number: place for place, number in enumerate(numbers)}
    found = []
    for number in numbers:
        edges = _by(crossings[number], "destination") if number in crossings else {}
        node = happened.nodes[number]
        told: Doc = {
            "ReferenceId": references[number],
            "Name": node.name,
            "Names": [node.name],
            "AccountId": node.account or None,
            "Type": node.type or None,
            "Edges": [_edge(references[to], some) for to, some in edges.items() if to in references],
        }
        told |= _client(crossings[number]) if node.type == CLIENT else _served(visits[number])
        found.append(told)
    return found


def _order(node: Node) -> tuple[bool, str, str]:
    return (node.type == CLIENT, node.name, node.type)


def _client(crossings: Records) -> Doc:
    return {"State": "unknown", **_times(crossings)}


def _served(visits: Records) -> Doc:
    return {
        "State": "active",
        "Root": True if visits["root"].any() else None,
        **_times(visits),
        "SummaryStatistics": summary(visits),
        "DurationHistogram": histogram(visits, "last"),
        "ResponseTimeHistogram": histogram(visits),
    }


def _edge(reference: int, crossings: Records) -> Doc:
    calls, links = crossings[~crossings["link"]], crossings[crossings["link"]]
    told: Doc = {"ReferenceId": reference, **_times(crossings), "Aliases": []}
    if len(calls):
        return {**told, "SummaryStatistics": summary(calls), "ResponseTimeHistogram": histogram(calls)}
    return {
        **told,
        "SummaryStatistics": summary(links),
        "EdgeType": "link",
        "ReceivedEventAgeHistogram": histogram(links),
    }


def _times(happened: Records) -> Doc:
    return {"StartTime": moment(float(happened["start"].min())), "EndTime": moment(float(happened["end"].max()))}


def _by(happened: Records, member: str) -> dict[int, Records]:
    """Parts by the value of a column."""
    ordered = happened[np.argsort(happened[member], kind="stable")]
    values, starts = np.unique(ordered[member], return_index=True)
    parts = np.split(ordered, starts[1:]) if len(starts) else []
    return {int(value): part for value, part in zip(values, parts, strict=True)}
