"""Tags of alarms, alarm mute rules, dashboards, insight rules and metric streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.cloudwatch.api.context import Context, invalid_value
from trunkline.services.cloudwatch.contributors.rules import RULES as INSIGHT_RULES
from trunkline.services.cloudwatch.mutes import RULES
from trunkline.services.cloudwatch.store import DASHBOARDS, any_alarm, put_alarm
from trunkline.services.cloudwatch.streams import STREAMS


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
        return {"Tags": tags.pairs(_find(self._store.db, call, req["ResourceARN"])[0].tags)}

    async def _retag(self, call: Call, req: Doc, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        def work(tx: Tx) -> None:
            found, put = _find(tx, call, req["ResourceARN"])
            found.tags = change(found.tags)
            put(tx, found)

        await self._store.change_alarms(work)


def _find(reader: Reader, call: Call, resource: str) -> tuple[Any, Callable[[Tx, Any], None]]:
    """What has this ARN, and how it is stored."""
    parts = resource.split(":", 5)
    what = parts[5] if len(parts) == 6 else ""
    kind, _, name = what.partition(":" if what.startswith("alarm") else "/")
    if parts[2:3] != ["cloudwatch"] or kind not in _KINDS or not name:
        raise invalid_value(f"The value {resource} for parameter ResourceARN is not one of {', '.join(_KINDS)}.")
    look, put = _KINDS[kind]
    found = look(reader, parts[4], parts[3], name) if parts[4] == call.account else None
    if found is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Unknown resource {resource}.",
            ResourceType="cloudwatch",
            ResourceId=resource,
        )
    return found, put


_KINDS: dict[str, tuple[Callable[[Reader, str, str, str], Any], Callable[[Tx, Any], None]]] = {
    "alarm": (any_alarm, put_alarm),
    "alarm-mute-rule": (RULES.get, RULES.put),
    "dashboard": (lambda reader, account, region, name: DASHBOARDS.get(reader, account, name), DASHBOARDS.put),
    "insight-rule": (INSIGHT_RULES.get, INSIGHT_RULES.put),
    "metric-stream": (STREAMS.get, STREAMS.put),
}
"""By the word in the ARN: how what has a name is found (by account and Region), and how it is stored."""
