"""The operations on groups."""

from __future__ import annotations

from dataclasses import replace

from trunkline.aws import paging, tags
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context
from trunkline.services.xray.groups import read_filter
from trunkline.services.xray.model import DEFAULT, Group

_PAGE = 100


class Groups(Context):
    @operation()
    async def create_group(self, call: Call, req: Doc) -> Doc:
        insights = req.get("InsightsConfiguration", {})
        _check_insights(insights)
        _check_filter(req)
        given = tags.normalise(req.get("Tags"), error="InvalidRequestException")
        group = Group(
            call.account,
            call.region,
            req["GroupName"],
            ids.alnum(32).upper(),
            req.get("FilterExpression", ""),
            insights,
            given,
        )
        if group.name == DEFAULT:
            raise store.invalid("The group name Default is reserved.")
        try:
            await self._db.write(lambda tx: store.GROUPS.insert(tx, group))
        except AlreadyExists:
            raise store.invalid("A group with this name already exists.") from None
        return {"Group": _group(group)}

    @operation()
    async def get_group(self, call: Call, req: Doc) -> Doc:
        return {"Group": _group(store.group(self._db, call, req))}

    @operation()
    async def get_groups(self, call: Call, req: Doc) -> Doc:
        found = store.groups(self._db, call.account, call.region)
        shown, token = paging.page(
            found, _PAGE, req.get("NextToken"), key=lambda one: one.name, error="InvalidRequestException"
        )
        return {"Groups": [_group(one) for one in shown], "NextToken": token}

    @operation()
    async def update_group(self, call: Call, req: Doc) -> Doc:
        _check_filter(req)

        def update(tx: Tx) -> Group:
            found = store.group(tx, call, req)
            if found.name == DEFAULT and req.get("FilterExpression"):
                raise store.invalid("The default group holds all traces: it takes no filter expression.")
            insights = {**found.insights, **req.get("InsightsConfiguration", {})}
            if insights.get("InsightsEnabled") is False:
                insights["NotificationsEnabled"] = False
            _check_insights(insights)
            changed = replace(found, expression=req.get("FilterExpression", found.expression), insights=insights)
            store.GROUPS.put(tx, changed)
            if not insights.get("InsightsEnabled"):  # nobody looks at them any more
                for one in store.insights(tx, changed):
                    store.INSIGHTS.put(tx, replace(one, active=False))
            return changed

        return {"Group": _group(await self._db.write(update))}

    @operation()
    async def delete_group(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            found = store.group(tx, call, req)
            if found.name == DEFAULT:
                raise store.invalid("The default group cannot be deleted.")
            store.GROUPS.delete(tx, found.account, found.region, found.name)
            for insight in store.insights(tx, found):
                store.INSIGHTS.delete(tx, insight.account, insight.region, insight.group, insight.id)

        await self._db.write(delete)
        return {}


def _check_insights(insights: dict[str, bool]) -> None:
    if insights.get("NotificationsEnabled") and not insights.get("InsightsEnabled"):
        raise store.invalid("Notifications can only be enabled on a group with InsightsEnabled set to true.")


def _check_filter(req: Doc) -> None:
    if text := req.get("FilterExpression"):
        read_filter(text)


def _group(group: Group) -> Doc:
    return {
        "GroupName": group.name,
        "GroupARN": group.arn,
        "FilterExpression": group.expression or None,
        "InsightsConfiguration": {"InsightsEnabled": False, "NotificationsEnabled": False, **group.insights},
    }
