"""Dashboards: stored as given, once they are valid."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudwatch.api.context import Context, invalid_value
from trunkline.services.cloudwatch.dashboards import problems
from trunkline.services.cloudwatch.model import Dashboard, dashboard_arn
from trunkline.services.cloudwatch.store import DASHBOARDS

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_PAGE = 1000


def _resource(call: Call, req: Doc) -> list[str]:
    names = req.get("DashboardNames") or [req.get("DashboardName", "*")]
    return [dashboard_arn(call.account, name) for name in names]


class Dashboards(Context):
    @operation(_resource)
    async def put_dashboard(self, call: Call, req: Doc) -> Doc:
        name = req["DashboardName"]
        if not _NAME.fullmatch(name):
            message = "The field DashboardName must be 1 to 255 letters, digits, hyphens and underscores"
            raise _refused([{"DataPath": "/", "Message": message}])
        found = problems(req["DashboardBody"])
        if found:
            raise _refused(found)
        added = tags.normalise(req.get("Tags"), error="DashboardInvalidInputError")
        now_ms = self._now_ms()

        def work(tx: Tx) -> None:
            old = DASHBOARDS.get(tx, call.account, name)
            kept = old.tags if old is not None else added
            DASHBOARDS.put(tx, Dashboard(call.account, name, req["DashboardBody"], now_ms, kept))

        await self._store.db.write(work)
        return {"DashboardValidationMessages": []}

    @operation(_resource)
    async def get_dashboard(self, call: Call, req: Doc) -> Doc:
        found = DASHBOARDS.get(self._store.db, call.account, req["DashboardName"])
        if found is None:
            raise _unknown([req["DashboardName"]])
        return {"DashboardName": found.name, "DashboardArn": found.arn, "DashboardBody": found.body}

    @operation()
    async def list_dashboards(self, call: Call, req: Doc) -> Doc:
        prefix = req.get("DashboardNamePrefix", "")
        found = [d for d in DASHBOARDS.find(self._store.db, prefix=(call.account,)) if d.name.startswith(prefix)]
        shown, token = paging.page(
            found,
            _PAGE,
            req.get("NextToken"),
            key=lambda dashboard: dashboard.name,
            error="InvalidParameterValueException",
        )
        return {
            "DashboardEntries": [
                {
                    "DashboardName": dashboard.name,
                    "DashboardArn": dashboard.arn,
                    "LastModified": datetime.fromtimestamp(dashboard.modified_ms / 1000, UTC),
                    "Size": len(dashboard.body.encode()),
                }
                for dashboard in shown
            ],
            "NextToken": token,
        }

    @operation(_resource)
    async def delete_dashboards(self, call: Call, req: Doc) -> Doc:
        names = list(dict.fromkeys(req["DashboardNames"]))
        if not names:
            raise invalid_value("The parameter DashboardNames must not be empty.")

        def work(tx: Tx) -> None:
            missing = [name for name in names if not DASHBOARDS.delete(tx, call.account, name)]
            if missing:
                raise _unknown(missing)

        await self._store.db.write(work)
        return {}


def _refused(found: list[dict[str, str]]) -> AwsError:
    return AwsError(
        "DashboardInvalidInputError",
        f"The dashboard body is invalid, there are {len(found)} validation errors.",
        dashboardValidationMessages=found,
    )


def _unknown(names: list[str]) -> AwsError:
    return AwsError("DashboardNotFoundError", f"Dashboard {', '.join(names)} does not exist")
