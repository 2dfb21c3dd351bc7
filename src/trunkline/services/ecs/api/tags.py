"""Tags of clusters, services, task sets, tasks and task definitions."""

from collections.abc import Callable

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import merge, normalise
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.ecs import described, store
from trunkline.services.ecs.api.context import Context


class Tags(Context):
    """The three operations."""

    @operation("{resourceArn}", writes_once=True)
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        new = normalise(req["tags"], error="InvalidParameterException")

        def change(tags: dict[str, str]) -> dict[str, str]:
            return merge(tags, new, too_many="InvalidParameterException")

        await self._change_tags(call, req["resourceArn"], change)
        return {}

    @operation("{resourceArn}", writes_once=True)
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        gone = set(req["tagKeys"])
        await self._change_tags(call, req["resourceArn"], lambda tags: {k: v for k, v in tags.items() if k not in gone})
        return {}

    @operation("{resourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        _, item = _find(self.kit.db, call, req["resourceArn"])
        return {"tags": described.tag_list(item.tags)}

    async def _change_tags(self, call: Call, arn: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        def write(tx: Tx) -> None:
            table, item = _find(tx, call, arn)
            item.tags = change(item.tags)
            table.put(tx, item)

        await self.kit.db.write(write)


def _find(reader: Reader, call: Call, arn: str):  # type: ignore[no-untyped-def]
    """(table, row) of whatever the ARN names."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "ecs":
        raise AwsError("InvalidParameterException", "Invalid resource ARN.")
    kind, _, name = parts[5].partition("/")
    place = (call.account, call.region)
    table: Table  # type: ignore[type-arg]
    key: tuple[str | int, ...]
    match kind, name.split("/"):
        case "cluster", [cluster]:
            table, key = store.CLUSTERS, (*place, cluster)
        case "service", [cluster, service]:
            table, key = store.SERVICES, (*place, cluster, service)
        case "task", [cluster, task]:
            table, key = store.TASKS, (*place, cluster, task)
        case "task-set", [cluster, service, *rest]:
            table, key = store.TASK_SETS, (*place, cluster, service, "/".join(rest))
        case "task-definition", [versioned] if versioned.rpartition(":")[2].isdigit():
            family, _, revision = versioned.rpartition(":")
            table, key = store.DEFINITIONS, (*place, family, int(revision))
        case _:
            raise AwsError("InvalidParameterException", "The specified resource ARN is not taggable.")
    item = table.get(reader, *key)
    if item is None:
        code = "ClusterNotFoundException" if kind == "cluster" else "InvalidParameterException"
        raise AwsError(code, "The specified resource was not found.")
    return table, item
