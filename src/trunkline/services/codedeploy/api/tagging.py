"""Tags of applications and deployment groups (AWS takes none on deployment configurations)."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws import arn as arns
from trunkline.aws import tags as tagging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, operation
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.model import Application, DeploymentGroup, Doc


class Tagging(found.Operations):
    @operation("{ResourceArn}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tagging.pairs(_tagged(self.kit.db, call, req["ResourceArn"]).tags)}

    @operation("{ResourceArn}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        added = tagging.normalise(req["Tags"], error="InvalidTagsToAddException")
        if not added:
            raise AwsError("TagRequiredException", "A tag is required.")
        return await self._change(
            call, req, lambda old: tagging.merge(old, added, too_many="InvalidTagsToAddException")
        )

    @operation("{ResourceArn}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        gone = set(req["TagKeys"])
        return await self._change(call, req, lambda old: {key: old[key] for key in old if key not in gone})

    async def _change(self, call: Call, req: Doc, change: Callable[[dict[str, str]], dict[str, str]]) -> Doc:
        def work(tx: Tx) -> None:
            item = _tagged(tx, call, req["ResourceArn"])
            item.tags = change(item.tags)
            table: Table[Application] | Table[DeploymentGroup] = (
                store.applications if isinstance(item, Application) else store.groups
            )
            table.put(tx, item)  # type: ignore[arg-type]

        await self.kit.db.write(work)
        return {}


def _tagged(reader: Reader, call: Call, text: str) -> Application | DeploymentGroup:
    try:
        arn = arns.parse(text)
    except ValueError as error:
        raise AwsError("InvalidArnException", f"The specified ARN is not valid: {text}") from error
    kind, _, name = arn.resource.partition(":")
    if arn.service != "codedeploy" or (arn.account, arn.region) != (call.account, call.region):
        raise AwsError("InvalidArnException", f"The ARN is not one of this account and region: {text}")
    if kind == "application":
        return found.application(reader, call, name)
    if kind == "deploymentgroup" and "/" in name:
        return found.group(reader, call, *name.split("/", 1))
    raise AwsError("ArnNotSupportedException", f"The ARN is not of an application or a deployment group: {text}")
