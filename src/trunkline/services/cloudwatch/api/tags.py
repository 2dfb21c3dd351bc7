"""Tags of alarms, alarm mute rules and dashboards."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.cloudwatch.api.context import Context, invalid_value
from trunkline.services.cloudwatch.model import AnyAlarm, Dashboard
from trunkline.services.cloudwatch.mutes import RULES, MuteRule
from trunkline.services.cloudwatch.store import DASHBOARDS, any_alarm, put_alarm


class Tags(Context):
    @operation("{ResourceARN}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        added = tags.normalise(req["Tags"], error="InvalidParameterValueException")
        await self._retag(call, req, lambda old: tags.merge(old, added, too_many="InvalidParameterValueException"))
        return {}

    @operation("{ResourceARN}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        await self._retag(call, req, lambda old: {k: v for k, v in old.items() if k not in req["TagKeys"]})
        return {}

    @operation("{ResourceARN}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tags.pairs(_find(self._store.db, call, req["ResourceARN"]).tags)}

    async def _retag(self, call: Call, req: Doc, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        def work(tx: Tx) -> None:
            found = _find(tx, call, req["ResourceARN"])
            found.tags = change(found.tags)
            if isinstance(found, Dashboard):
                DASHBOARDS.put(tx, found)
            elif isinstance(found, MuteRule):
                RULES.put(tx, found)
            else:
                put_alarm(tx, found)

        await self._store.change_alarms(work)


def _find(reader: Reader, call: Call, resource: str) -> AnyAlarm | Dashboard | MuteRule:
    parts = resource.split(":", 6)
    found: AnyAlarm | Dashboard | MuteRule | None
    if len(parts) == 7 and parts[2] == "cloudwatch" and parts[5] == "alarm":
        found = any_alarm(reader, call.account, parts[3], parts[6]) if parts[4] == call.account else None
    elif len(parts) == 7 and parts[2] == "cloudwatch" and parts[5] == "alarm-mute-rule":
        found = RULES.get(reader, call.account, parts[3], parts[6]) if parts[4] == call.account else None
    elif len(parts) == 6 and parts[2] == "cloudwatch" and parts[5].startswith("dashboard/"):
        found = DASHBOARDS.get(reader, call.account, parts[5].partition("/")[2]) if parts[4] == call.account else None
    else:
        raise invalid_value(
            f"The value {resource} for parameter ResourceARN is not an alarm, an alarm mute rule or a dashboard."
        )
    if found is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Unknown resource {resource}.",
            ResourceType="cloudwatch",
            ResourceId=resource,
        )
    return found
