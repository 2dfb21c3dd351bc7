"""AWS::ApplicationSignals::ServiceLevelObjective. Ref gives its ARN."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from trunkline.aws import tags
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_SERVICE = "application-signals"
_GONE = "ResourceNotFoundException"
_COMMON = ("BurnRateConfigurations", "Description", "Goal")


class ServiceLevelObjective(ResourceType):
    """Sli and RequestBasedSli of templates are SliConfig and RequestBasedSliConfig of the API."""

    name: ClassVar[str] = "AWS::ApplicationSignals::ServiceLevelObjective"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {*_COMMON, "ExclusionWindows", "Name", "RequestBasedSli", "Sli", "Tags"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        given = tags.pairs(on.tags(wanted.get("Tags")))
        if on.resumed and (found := await on.look(_SERVICE, "GetServiceLevelObjective", _GONE, Id=wanted["Name"])):
            return str(found["Slo"]["Arn"])
        answer = await on.call(
            _SERVICE, "CreateServiceLevelObjective", Name=wanted["Name"], **_request(wanted), Tags=given
        )
        arn = str(answer["Slo"]["Arn"])
        await self._exclude(on, arn, [], wanted.get("ExclusionWindows", []))
        return arn

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look(_SERVICE, "GetServiceLevelObjective", _GONE, Id=physical_id)
        if found is None:
            return None
        slo = found["Slo"]
        asked = {"Id": physical_id}
        windows = await on.call(_SERVICE, "ListServiceLevelObjectiveExclusionWindows", **asked)
        tagged = await on.call(_SERVICE, "ListTagsForResource", ResourceArn=physical_id)
        own = tags.own({tag["Key"]: tag["Value"] for tag in tagged["Tags"]})
        read = {name: slo[name] for name in ("Arn", "Name", "EvaluationType", *_COMMON)}
        read["Goal"] = _goal(slo["Goal"], lambda start: int(start.timestamp()))
        for member in ("Sli", "RequestBasedSli"):
            if member in slo:
                read[member] = slo[member]
        return {
            **read,
            "CreatedTime": int(slo["CreatedTime"].timestamp()),
            "LastUpdatedTime": int(slo["LastUpdatedTime"].timestamp()),
            "ExclusionWindows": [
                {**one, "StartTime": one["StartTime"].strftime("%Y-%m-%dT%H:%M:%SZ")}
                for one in windows["ExclusionWindows"]
            ],
            "Tags": tags.pairs(own),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        request = {"Description": "No description", "BurnRateConfigurations": [], "Goal": {}, **_request(new)}
        await on.call(_SERVICE, "UpdateServiceLevelObjective", Id=physical_id, **request)
        await self._exclude(on, physical_id, old.get("ExclusionWindows", []), new.get("ExclusionWindows", []))
        tagged = await on.call(_SERVICE, "ListTagsForResource", ResourceArn=physical_id)
        current = {tag["Key"]: tag["Value"] for tag in tagged["Tags"]}
        put, drop = tags.changes(current, on.tags(new.get("Tags")))
        if put:
            await on.call(_SERVICE, "TagResource", ResourceArn=physical_id, Tags=tags.pairs(put))
        if drop:
            await on.call(_SERVICE, "UntagResource", ResourceArn=physical_id, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look(_SERVICE, "DeleteServiceLevelObjective", _GONE, Id=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["Arn"] for one in await on.pages(_SERVICE, "ListServiceLevelObjectives", "SloSummaries")]

    async def _exclude(self, on: Provision, arn: str, old: list[Doc], new: list[Doc]) -> None:
        if old == new:
            return
        if old:
            gone = [_window(one) for one in old]
            await on.call(_SERVICE, "BatchUpdateExclusionWindows", SloIds=[arn], RemoveExclusionWindows=gone)
        if new:
            added = [_window(one) for one in new]
            await on.call(_SERVICE, "BatchUpdateExclusionWindows", SloIds=[arn], AddExclusionWindows=added)


def _request(wanted: Doc) -> Doc:
    request = {name: wanted[name] for name in _COMMON if name in wanted}
    if "Goal" in request:
        request["Goal"] = _goal(request["Goal"], lambda start: datetime.fromtimestamp(int(start), UTC))
    if "Sli" in wanted:
        sli = wanted["Sli"]
        request["SliConfig"] = {
            **{k: v for k, v in sli.items() if k != "SliMetric"},
            "SliMetricConfig": sli["SliMetric"],
        }
    if "RequestBasedSli" in wanted:
        sli = wanted["RequestBasedSli"]
        rest = {k: v for k, v in sli.items() if k != "RequestBasedSliMetric"}
        request["RequestBasedSliConfig"] = {**rest, "RequestBasedSliMetricConfig": sli["RequestBasedSliMetric"]}
    return request


def _goal(goal: Doc, time: Callable[[Any], object]) -> Doc:
    interval = goal.get("Interval", {})
    if "CalendarInterval" not in interval:
        return goal
    calendar = interval["CalendarInterval"]
    moved = {**calendar, "StartTime": time(calendar["StartTime"])}
    return {**goal, "Interval": {"CalendarInterval": moved}}


def _window(one: Doc) -> Doc:
    if "StartTime" not in one:
        return one
    text = str(one["StartTime"])
    start = datetime.fromtimestamp(float(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    return {**one, "StartTime": start if start.tzinfo else start.replace(tzinfo=UTC)}


TYPES: tuple[ResourceType, ...] = (ServiceLevelObjective(),)
