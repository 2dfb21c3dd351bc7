"""Task definitions: families and revisions."""

from dataclasses import replace

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Tx
from trunkline.services.ecs import definitions, described, store
from trunkline.services.ecs.api.context import Context
from trunkline.services.ecs.model import TaskDefinition
from trunkline.services.ecs.naming import definition_resource


class Definitions(Context):
    """Registering, describing, retiring them."""

    @operation(definition_resource, writes_once=True)
    async def register_task_definition(self, call: Call, req: Doc) -> Doc:
        doc = definitions.completed(req)
        tags = normalise(req.get("tags"), error="InvalidParameterException")

        def write(tx: Tx) -> TaskDefinition:
            known = store.DEFINITIONS.find(tx, prefix=(call.account, call.region, req["family"]))
            made = TaskDefinition(
                call.account,
                call.region,
                req["family"],
                known[-1].revision + 1 if known else 1,
                doc,
                self.kit.clock.now(),
                call.caller.principal.arn,
                tags=tags,
            )
            store.DEFINITIONS.insert(tx, made)
            return made

        return _answer(await self.kit.db.write(write), with_tags=True)

    @operation()
    async def describe_task_definition(self, call: Call, req: Doc) -> Doc:
        found = self.definition(call, req["taskDefinition"], active=False)
        return _answer(found, with_tags="TAGS" in req.get("include", []))

    @operation()
    async def deregister_task_definition(self, call: Call, req: Doc) -> Doc:
        if ":" not in req["taskDefinition"].rpartition("/")[2]:
            raise AwsError("ClientException", "Invalid revision number. Number: null")
        found = self.definition(call, req["taskDefinition"], active=False)
        if found.status == "ACTIVE":
            found = replace(found, status="INACTIVE", deregistered_at=self.kit.clock.now())
            await self.kit.db.write(lambda tx: store.DEFINITIONS.put(tx, found))
        return _answer(found)

    @operation()
    async def delete_task_definitions(self, call: Call, req: Doc) -> Doc:
        deleted, failures = [], []
        for given in req["taskDefinitions"]:
            try:
                found = self.definition(call, given, active=False)
            except AwsError as error:
                failures.append({"arn": given, "reason": error.message})
                continue
            if found.status == "ACTIVE":
                reason = (
                    "The specified task definition is still in ACTIVE status. "
                    "Please deregister the target and try again."
                )
                failures.append({"arn": found.arn, "reason": reason})
                continue
            deleted.append(replace(found, status="DELETE_IN_PROGRESS", delete_requested_at=self.kit.clock.now()))

        def write(tx: Tx) -> None:
            for one in deleted:
                store.DEFINITIONS.put(tx, one)

        await self.kit.db.write(write)
        return {"taskDefinitions": [described.definition(one) for one in deleted], "failures": failures}

    @operation()
    async def list_task_definitions(self, call: Call, req: Doc) -> Doc:
        status = req.get("status", "ACTIVE")
        family = req.get("familyPrefix")
        found = store.DEFINITIONS.find(self.kit.db, prefix=(call.account, call.region), status=status)
        chosen, token = page(
            [one for one in found if family in (None, one.family)],
            req.get("maxResults") or 100,
            req.get("nextToken"),
            key=lambda one: f"{one.family}:{one.revision:010d}",
            error="InvalidParameterException",
            message="Invalid token",
            reverse=req.get("sort") == "DESC",
        )
        return {"taskDefinitionArns": [one.arn for one in chosen], "nextToken": token}

    @operation()
    async def list_task_definition_families(self, call: Call, req: Doc) -> Doc:
        status = req.get("status", "ACTIVE")
        families: dict[str, bool] = {}
        for one in store.DEFINITIONS.find(self.kit.db, prefix=(call.account, call.region)):
            families[one.family] = families.get(one.family, False) or one.status == "ACTIVE"
        prefix = req.get("familyPrefix", "")
        names = [
            name
            for name, is_active in families.items()
            if name.startswith(prefix) and (status == "ALL" or is_active == (status == "ACTIVE"))
        ]
        chosen, token = page(
            names,
            req.get("maxResults") or 100,
            req.get("nextToken"),
            key=str,
            error="InvalidParameterException",
            message="Invalid token",
        )
        return {"families": chosen, "nextToken": token}


def _answer(one: TaskDefinition, *, with_tags: bool = False) -> Doc:
    answer: Doc = {"taskDefinition": described.definition(one)}
    if with_tags:
        answer["tags"] = described.tag_list(one.tags)
    return answer
