"""Scheduled actions: put, describe, delete; forecasts are refused."""

from datetime import UTC, datetime

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.applicationautoscaling import scheduling, store
from trunkline.services.applicationautoscaling.api.context import Context, page, resource, wanted
from trunkline.services.applicationautoscaling.model import Scheduled, validation


class ScheduledOperations(Context):
    """Operations on scheduled actions."""

    @operation(resource)
    async def put_scheduled_action(self, call: Call, req: Doc) -> Doc:
        place = store.place(call, req)
        bounds = req.get("ScalableTargetAction", {})

        def put(tx: Tx) -> None:
            store.target(tx, call, req)
            known = store.SCHEDULED.get(tx, *place, req["ScheduledActionName"])
            if known is None and ("Schedule" not in req or not bounds):
                raise validation("Schedule and ScalableTargetAction are required for a new scheduled action.")
            action = known or Scheduled(
                *place, req["ScheduledActionName"], ids.uuid(), req["Schedule"], "", self._now(), last=self._now()
            )
            action.schedule = req.get("Schedule", action.schedule)
            action.timezone = req.get("Timezone", action.timezone)
            scheduling.check(action.schedule, action.timezone)
            action.starts = req["StartTime"].timestamp() if "StartTime" in req else action.starts
            action.ends = req["EndTime"].timestamp() if "EndTime" in req else action.ends
            if bounds:
                action.minimum, action.maximum = bounds.get("MinCapacity"), bounds.get("MaxCapacity")
            if action.minimum is None and action.maximum is None:
                raise validation("ScalableTargetAction must have MinCapacity, MaxCapacity or both.")
            if action.minimum is not None and action.maximum is not None and action.minimum > action.maximum:
                raise validation("Maximum capacity cannot be less than minimum capacity")
            if "Schedule" in req or "Timezone" in req:
                action.last = self._now()
            store.SCHEDULED.put(tx, action)
            tx.after_commit(self._scaler.changed)

        await self._db.write(put)
        return {}

    @operation(resource)
    async def delete_scheduled_action(self, call: Call, req: Doc) -> Doc:
        place = store.place(call, req)
        if not await self._db.write(lambda tx: store.SCHEDULED.delete(tx, *place, req["ScheduledActionName"])):
            raise AwsError(
                "ObjectNotFoundException", f"No scheduled action found with the name {req['ScheduledActionName']}."
            )
        return {}

    @operation(resource)
    async def describe_scheduled_actions(self, call: Call, req: Doc) -> Doc:
        found = store.SCHEDULED.find(self._db, prefix=(call.account, call.region, req["ServiceNamespace"]))
        names = req.get("ScheduledActionNames") or []
        shown = [_shown(one) for one in found if wanted(req, one) and (not names or one.name in names)]
        actions, token = page(shown, req, "ScheduledActionARN")
        return {"ScheduledActions": actions, "NextToken": token}

    @operation(resource)
    async def get_predictive_scaling_forecast(self, call: Call, req: Doc) -> Doc:
        raise Refused("Trunkline has no predictive scaling.", code="ValidationException", status=400)


def _shown(one: Scheduled) -> Doc:
    bounds = {"MinCapacity": one.minimum, "MaxCapacity": one.maximum}
    return {
        "ScheduledActionName": one.name,
        "ScheduledActionARN": one.arn,
        "ServiceNamespace": one.namespace,
        "Schedule": one.schedule,
        "Timezone": one.timezone or None,
        "ResourceId": one.resource,
        "ScalableDimension": one.dimension,
        "StartTime": datetime.fromtimestamp(one.starts, UTC) if one.starts else None,
        "EndTime": datetime.fromtimestamp(one.ends, UTC) if one.ends else None,
        "ScalableTargetAction": {key: value for key, value in bounds.items() if value is not None},
        "CreationTime": datetime.fromtimestamp(one.created, UTC),
    }
