"""Tags of load balancers, target groups, listeners and rules."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Table, Tx
from trunkline.services.elbv2 import store
from trunkline.services.elbv2.api.context import Context, mine
from trunkline.services.elbv2.errors import invalid, no_listener, no_load_balancer, no_rule, no_target_group
from trunkline.services.elbv2.model import Listener, LoadBalancer, Rule, TargetGroup

MAX_RESOURCES = 20

Tagged = LoadBalancer | TargetGroup | Listener | Rule

_KINDS: dict[str, tuple[Table, Callable[[], AwsError]]] = {  # type: ignore[type-arg]  # one of four
    "loadbalancer": (store.load_balancers, no_load_balancer),
    "targetgroup": (store.target_groups, no_target_group),
    "listener": (store.listeners, no_listener),
    "listener-rule": (store.rules, no_rule),
}


def new_tags(given: list[Doc] | None) -> dict[str, str]:
    keys = [tag["Key"] for tag in given or []]
    if len(set(keys)) != len(keys):
        raise AwsError("DuplicateTagKeys", "A tag key was specified more than once", status=400)
    return tags.normalise(given, error="ValidationError", too_many="TooManyTags")


class Tagging(Context):
    @operation(lambda call, req: req["ResourceArns"])
    async def add_tags(self, call: Call, req: Doc) -> Doc:
        given = new_tags(req["Tags"])

        def add(tx: Tx) -> None:
            for table, item in self._tagged(call, tx, req["ResourceArns"]):
                item.tags = tags.merge(item.tags, given, too_many="TooManyTags")
                table.put(tx, item)

        await self._db.write(add)
        return {}

    @operation(lambda call, req: req["ResourceArns"])
    async def remove_tags(self, call: Call, req: Doc) -> Doc:
        def remove(tx: Tx) -> None:
            for table, item in self._tagged(call, tx, req["ResourceArns"]):
                item.tags = {key: value for key, value in item.tags.items() if key not in req["TagKeys"]}
                table.put(tx, item)

        await self._db.write(remove)
        return {}

    @operation(lambda call, req: req["ResourceArns"])
    async def describe_tags(self, call: Call, req: Doc) -> Doc:
        found = self._tagged(call, self._db, req["ResourceArns"])
        return {"TagDescriptions": [{"ResourceArn": item.arn, "Tags": tags.pairs(item.tags)} for _, item in found]}

    def _tagged(self, call: Call, reader, arns: list[str]) -> list[tuple[Table, Tagged]]:  # type: ignore[no-untyped-def,type-arg]
        if len(arns) > MAX_RESOURCES:
            raise invalid(f"You can specify no more than {MAX_RESOURCES} resources")
        found: list[tuple[Table, Tagged]] = []  # type: ignore[type-arg]
        for arn in arns:
            kind = arn.split(":", 5)[-1].partition("/")[0]
            if kind not in _KINDS or not arn.startswith("arn:"):
                raise invalid(f"'{arn}' is not a valid load balancing resource ARN")
            table, missing = _KINDS[kind]
            items = table.find(reader, arn=arn) if mine(call, arn) else []
            if not items:
                raise missing()
            found.append((table, items[0]))
        return found
