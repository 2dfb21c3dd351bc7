"""ListMetrics."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.telemetry import Metric
from trunkline.services.cloudwatch.api.context import Context

_TWO_WEEKS_MS = 14 * 86_400_000
_THREE_HOURS_MS = 3 * 3_600_000
_PAGE = 500


class ListMetrics(Context):
    @operation()
    async def list_metrics(self, call: Call, req: Doc) -> Doc:
        if req.get("OwningAccount", call.account) != call.account:
            raise Refused("Trunkline does not support cross-account observability: leave OwningAccount out.")
        wanted = [(one["Name"], one.get("Value")) for one in req.get("Dimensions", ())]
        since_ms = self._now_ms() - (_THREE_HOURS_MS if "RecentlyActive" in req else _TWO_WEEKS_MS)
        found = [
            identity
            for identity in self._telemetry.metrics(
                call.account,
                call.region,
                namespace=req.get("Namespace"),
                name=req.get("MetricName"),
                since_ms=since_ms,
            )
            if all(
                any(name == has and value in (None, held) for has, held in identity.dimensions)
                for name, value in wanted
            )
        ]
        shown, token = paging.page(
            found,
            _PAGE,
            req.get("NextToken"),
            key=lambda identity: "\0".join((identity.namespace, identity.name, repr(identity.dimensions))),
            error="InvalidParameterValueException",
            message="Request parameter NextToken is invalid",
        )
        answer: Doc = {"Metrics": [_listed(identity) for identity in shown], "NextToken": token}
        if req.get("IncludeLinkedAccounts"):
            answer["OwningAccounts"] = [call.account] * len(shown)
        return answer


def _listed(identity: Metric) -> Doc:
    return {
        "Namespace": identity.namespace,
        "MetricName": identity.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in identity.dimensions],
    }
