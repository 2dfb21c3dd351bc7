"""Drift as it happens: which resources of stacks a call has just touched, and whether they differ now."""

import asyncio
import time
from typing import Any

from trunkline.aws.audit import DETAIL_TYPE
from trunkline.aws.service import Caller, Kit
from trunkline.insights.drift.attribution import service_source, taken_apart
from trunkline.insights.drift.detecting import Stacks
from trunkline.insights.drift.naming import means, names_of

Doc = dict[str, Any]
_POLL_S = 0.05
_PAGE = 500
_BY_STACKS = "cloudformation.amazonaws.com"


async def changes(kit: Kit, caller: Caller, after: int, wait_s: float) -> Doc:
    """What has drifted by calls behind `after`; empty when nobody called for `wait_s`."""
    deadline = time.monotonic() + wait_s
    while True:
        events = kit.ledger.read(after, detail_types=(DETAIL_TYPE,), limit=_PAGE)
        if events:
            after = events[-1].seq
        direct = [
            event
            for event in events
            if event.account == caller.account
            and event.region == caller.region
            and "errorCode" not in event.detail
            and event.detail.get("sourceIPAddress") != _BY_STACKS
        ]
        if direct:
            found = await _drifted(kit, caller, direct)
            if found:
                return {"stacks": found, "last": after}
        if time.monotonic() > deadline:
            return {"stacks": [], "last": max(after, 0)}
        await asyncio.sleep(_POLL_S)


async def _drifted(kit: Kit, caller: Caller, events: list[Any]) -> list[Doc]:
    stacks = Stacks(kit, caller)
    calls = [taken_apart(event) for event in events]
    reports: list[Doc] = []
    for name in await stacks.names():
        resources = await stacks.resources(name)
        touched = tuple(
            sorted(
                {one["LogicalResourceId"] for call in calls for one in _touched(call.event, call.members, resources)}
            )
        )
        if touched:
            report = await stacks.report(name, only=touched)
            if report["drifted"]:
                reports.append(report)
    return reports


def _touched(event: Any, members: list[tuple[str, str]], resources: list[Doc]) -> list[Doc]:
    """The resources that a call names; else, all of its service: one of them may be meant by what it refers to."""
    near = [one for one in resources if service_source(one["ResourceType"]) == event.source]
    named = [
        one
        for one in near
        if any(
            means(text, name)
            for name in names_of(one["ResourceType"], one.get("PhysicalResourceId", ""), {}).own
            for _, text in members
        )
    ]
    return named or near
