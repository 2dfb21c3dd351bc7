"""Run CloudFormation's drift detection over stacks, and say of each difference who caused it."""

import asyncio
from datetime import datetime
from typing import Any

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.insights.drift.attribution import Record
from trunkline.insights.drift.naming import names_of

Doc = dict[str, Any]
_POLL_S = 0.02
_ALIVE = tuple(f"{word}_COMPLETE" for word in ("CREATE", "UPDATE", "UPDATE_ROLLBACK", "IMPORT", "IMPORT_ROLLBACK"))


class Stacks:
    """The stacks of one account and region, as a principal may see them."""

    def __init__(self, kit: Kit, caller: Caller) -> None:
        self._kit = kit
        self._caller = caller
        self._record = Record(kit.ledger, caller.account, caller.region)

    async def names(self) -> list[str]:
        """Those whose drift can be told."""
        found = await self._pages("DescribeStacks", "Stacks")
        return sorted(stack["StackName"] for stack in found if stack["StackStatus"] in _ALIVE)

    async def resources(self, name: str) -> list[Doc]:
        """The summaries of a stack's resources that exist."""
        found = await self._pages("ListStackResources", "StackResourceSummaries", StackName=name)
        return [one for one in found if one["ResourceStatus"] != "DELETE_COMPLETE"]

    async def report(self, name: str, *, only: tuple[str, ...] = ()) -> Doc:
        """One stack: each resource that has drifted, each difference with its cause."""
        given: Doc = {"StackName": name}
        if only:
            given["LogicalResourceIds"] = list(only)
        status = await self._detected(given)
        described = await self._pages("DescribeStackResourceDrifts", "StackResourceDrifts", StackName=name)
        touched = {one["LogicalResourceId"]: one["LastUpdatedTimestamp"] for one in await self.resources(name)}
        found = [
            self._attributed(drift, touched.get(drift["LogicalResourceId"]))
            for drift in described
            if drift["LogicalResourceId"] in (only or touched)
        ]
        return {
            "stack": name,
            "stack_id": status["StackId"],
            "checked": len(found),
            "failed": status.get("DetectionStatusReason", ""),
            "drifted": [one for one in found if one["status"] in ("MODIFIED", "DELETED")],
        }

    async def _detected(self, given: Doc) -> Doc:
        started = await self._started(given)
        while True:
            status = await self._call("DescribeStackDriftDetectionStatus", **started)
            if status["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                return status
            await asyncio.sleep(_POLL_S)

    async def _started(self, given: Doc) -> Doc:
        """A new detection, once the one that is under way has ended."""
        while True:
            try:
                return await self._call("DetectStackDrift", **given)
            except AwsError as error:
                if "already in progress" not in error.message:
                    raise
            await asyncio.sleep(_POLL_S)

    def _attributed(self, drift: Doc, touched: datetime | None) -> Doc:
        type, physical_id = drift["ResourceType"], drift["PhysicalResourceId"]
        asked = orjson.loads(drift.get("ExpectedProperties") or "{}")
        names = names_of(type, physical_id, asked, drift.get("PhysicalResourceIdContext"))
        since = touched.timestamp() if touched else 0.0
        found: Doc = {
            "logical_id": drift["LogicalResourceId"],
            "physical_id": physical_id,
            "type": type,
            "status": drift["StackResourceDriftStatus"],
            "differences": [],
        }
        if found["status"] == "DELETED":
            cause = self._record.remover(names, since)
            found["cause"] = cause.described() if cause else None
        actual = orjson.loads(drift.get("ActualProperties") or "{}")
        changed = {one["PropertyPath"].split("/")[1] for one in drift.get("PropertyDifferences") or ()}
        found["actual"] = {key: actual.get(key) for key in sorted(changed)}
        for one in drift.get("PropertyDifferences") or ():
            expected = None if one["DifferenceType"] == "ADD" else one["ExpectedValue"]
            shown = None if one["DifferenceType"] == "REMOVE" else one["ActualValue"]
            cause = self._record.cause(names, since, one["PropertyPath"], expected, shown)
            if cause is None and expected is None:  # what no template asked for outlives updates: other people's tags
                cause = self._record.cause(names, 0.0, one["PropertyPath"], expected, shown)
            found["differences"].append(
                {
                    "path": one["PropertyPath"],
                    "kind": one["DifferenceType"],
                    "expected": one["ExpectedValue"],
                    "actual": one["ActualValue"],
                    "cause": cause.described() if cause else None,
                }
            )
        return found

    async def _call(self, operation: str, **params: Any) -> Doc:
        return await self._kit.call("cloudformation", operation, params, as_=self._caller)

    async def _pages(self, operation: str, result: str, **params: Any) -> list[Doc]:
        """By hand: botocore has no paginator for drifts."""
        found: list[Doc] = []
        token: str | None = None
        while True:
            answer = await self._call(operation, **params, **({"NextToken": token} if token else {}))
            found += answer.get(result) or []
            token = answer.get("NextToken")
            if not token:
                return found
