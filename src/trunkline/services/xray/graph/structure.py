"""Only who calls whom: the graph of an insight."""

from __future__ import annotations

from trunkline.aws.service import Doc
from trunkline.services.xray.graph.described import services as services_in_full
from trunkline.services.xray.graph.joining import Happened

_MEMBERS = ("ReferenceId", "Type", "Name", "Names", "AccountId")


def services(happened: Happened) -> list[Doc]:
    return [
        {
            **{member: one[member] for member in _MEMBERS},
            "Edges": [{"ReferenceId": edge["ReferenceId"]} for edge in one["Edges"]],
        }
        for one in services_in_full(happened)
    ]
