"""Change sets: operations prepared, looked at, and then executed or dropped."""

from typing import Any

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import pairs
from trunkline.core.db import Tx
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.api import views
from trunkline.services.cloudformation.api.nested_sets import family
from trunkline.services.cloudformation.api.part import STACK, Part
from trunkline.services.cloudformation.api.proposing import Proposal
from trunkline.services.cloudformation.api.settings import options_of, settings_of
from trunkline.services.cloudformation.model import ChangeSet, Stack, Status, Version
from trunkline.services.cloudformation.preparing import changing
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.workflow import words

_PAGE = 100
_REFUSED = "ValidationError"
_STATES = {
    "CREATE": Status.CREATE_IN_PROGRESS,
    "UPDATE": Status.UPDATE_IN_PROGRESS,
    "IMPORT": Status.IMPORT_IN_PROGRESS,
}


class ChangeSetOperations(Part):
    """CreateChangeSet and what follows it."""

    @operation(STACK)
    async def create_change_set(self, call: Call, req: Doc) -> Doc:
        found = await family(self._kit, call, req)
        proposal = found.proposal
        stack, change_set = proposal.stack, proposal.change_set
        known = self._named_set(self._db, stack, change_set.name)
        if known is not None and req.get("ClientToken") and known.token == req["ClientToken"]:
            return {"Id": known.id, "StackId": known.stack_id}

        def write(tx: Tx) -> Doc:
            current = store.stack(tx, call.account, call.region, req["StackName"])
            if self._named_set(tx, current or stack, change_set.name) is not None:
                raise AwsError("AlreadyExistsException", f"ChangeSet {change_set.name} already exists")
            if current is None:
                self._review(tx, call, proposal)
            elif current.id != stack.id:
                raise AwsError("AlreadyExistsException", f"Stack [{stack.name}] already exists")
            if proposal.prepared is not None:
                change_set.version = store.next_version(tx, stack.id)
                version = proposal.prepared.version(
                    stack.id, change_set.version, self._kit, call.caller, tags=stack.tags, outcome="proposed"
                )
                store.versions.put(tx, version)
            store.change_sets.put(tx, change_set)
            found.write_children(tx, self._kit, call)
            return {"Id": change_set.id, "StackId": stack.id}

        return await self._db.write(write)

    def _review(self, tx: Tx, call: Call, proposal: Proposal) -> None:
        """The stack that the change set is to create, with nothing in it yet."""
        from trunkline.services.cloudformation.workflow.record import Record

        stack = proposal.stack
        made = self._operation(call, stack, "CREATE", {})
        Record(self._kit, made).enter(tx, stack, Status.REVIEW_IN_PROGRESS, words.USER)

    @operation(STACK)
    async def describe_change_set(self, call: Call, req: Doc) -> Doc:
        found = self._change_set(call, req)
        start = int(paging.decode(req["NextToken"], error=_REFUSED)) if req.get("NextToken") else 0
        page = found.changes[start : start + _PAGE]
        shown = bool(req.get("IncludePropertyValues"))
        version = store.versions.get(self._db, found.stack_id, found.version)
        more = start + _PAGE < len(found.changes)
        return {
            **_summary(found),
            "ChangeSetId": found.id,
            "ChangeSetName": found.name,
            "Parameters": views.parameters(version) or None,
            "NotificationARNs": found.target.get("NotificationARNs") or [],
            "RollbackConfiguration": found.target.get("RollbackConfiguration") or {},
            "Capabilities": found.target.get("Capabilities"),
            "Tags": pairs(version.tags) if version else None,
            "Changes": [{"Type": "Resource", "ResourceChange": _change(one, shown)} for one in page],
            "NextToken": paging.encode(str(start + _PAGE)) if more else None,
            "OnStackFailure": found.on_failure or None,
        }

    @operation(STACK)
    async def list_change_sets(self, call: Call, req: Doc) -> Doc:
        stack = self._existing(call, req["StackName"])
        found = store.change_sets.find(self._db, prefix=(call.account, call.region), stack_id=stack.id)
        living = [one for one in found if one.execution != "EXECUTE_COMPLETE"]
        page, token = paging.page(living, _PAGE, req.get("NextToken"), key=lambda one: one.id, error=_REFUSED)
        return {"Summaries": [_summary(one) for one in page], "NextToken": token}

    @operation(STACK)
    async def describe_change_set_hooks(self, call: Call, req: Doc) -> Doc:
        found = self._change_set(call, req)
        return {
            "ChangeSetId": found.id,
            "ChangeSetName": found.name,
            "StackId": found.stack_id,
            "StackName": found.stack_name,
            "Hooks": [],
            "Status": "PLANNED" if found.status == "CREATE_COMPLETE" else "UNAVAILABLE",
        }

    @operation(STACK)
    async def delete_change_set(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            try:
                found = self._change_set(call, req, tx)
            except AwsError as error:
                if error.code == "ChangeSetNotFoundException":
                    return  # as AWS: the CDK deletes first and makes afterwards, whether there was one or not
                raise
            if found.execution == "EXECUTE_IN_PROGRESS":
                raise AwsError(
                    "InvalidChangeSetStatusException",
                    f"ChangeSet [{found.id}] cannot be deleted in its current execution status of [{found.execution}]",
                )
            self._drop(tx, found)

        await self._db.write(write)

    def _drop(self, tx: Tx, found: ChangeSet) -> None:
        store.change_sets.delete(tx, found.account, found.region, found.id)
        version = store.versions.get(tx, found.stack_id, found.version)
        if version is not None and version.outcome == "proposed":
            store.versions.delete(tx, found.stack_id, found.version)
        for child in store.change_sets.find(tx, prefix=(found.account, found.region)):
            if child.parent_id == found.id:
                self._drop(tx, child)

    @operation(STACK)
    async def execute_change_set(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            found = self._change_set(call, req, tx)
            stack = self._stack(call, found.stack_id, reader=tx)
            if self._seen(tx, stack, found.kind, req.get("ClientRequestToken")):
                return {}
            if found.status != "CREATE_COMPLETE" or found.execution != "AVAILABLE":
                what = found.status if found.status != "CREATE_COMPLETE" else found.execution
                raise AwsError(
                    "InvalidChangeSetStatusException",
                    f"ChangeSet [{found.id}] cannot be executed in its current status of [{what}]",
                )
            if stack.status is not Status.REVIEW_IN_PROGRESS:
                changing.check_updatable(stack)
            version = store.versions.get(tx, stack.id, found.version)
            assert version is not None
            self._execute(tx, call, stack, found, version, req)
            return {}

        return await self._db.write(write)

    def _execute(self, tx: Tx, call: Call, stack: Stack, found: ChangeSet, version: Version, req: Doc) -> None:
        given: Doc = dict(found.target)
        given |= {key: req[key] for key in ("DisableRollback", "RetainExceptOnCreate") if key in req}
        creates = stack.status is Status.REVIEW_IN_PROGRESS
        settings_of(stack, given, update=not creates)
        stack.tags, stack.version, stack.change_set_id = version.tags, version.number, found.id
        if not creates:
            stack.updated = self._kit.clock.now()
        stack.on_failure = found.on_failure if creates else stack.on_failure
        kind = "IMPORT" if found.kind == "IMPORT" else "CREATE" if creates else "UPDATE"
        imports = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found.imports}
        options = options_of({**given, "OnFailure": found.on_failure}, kind)
        made = self._operation(call, stack, kind, {**given, **req}, imports=imports, **options)
        made.version = version.number
        version.operation, version.outcome, version.at = made.id, "", self._kit.clock.now()
        version.principal, version.source_ip = call.caller.principal.arn, call.caller.source_ip
        store.versions.put(tx, version)
        found.execution = "EXECUTE_COMPLETE"
        store.change_sets.put(tx, found)
        for other in store.change_sets.find(tx, prefix=(call.account, call.region), stack_id=stack.id):
            if other.id != found.id and other.execution != "EXECUTE_COMPLETE":
                self._drop(tx, other)
        self._begin(tx, stack, made, _STATES[kind], words.USER)

    def _of_change_set(self, call: Call, req: Doc) -> Version:
        found = self._change_set(call, req)
        version = store.versions.get(self._db, found.stack_id, found.version)
        if version is None:
            raise bad(f"ChangeSet [{found.name}] has no template.")
        return version


def _change(one: Doc, shown: bool) -> Doc:
    """Values only where they were asked for."""
    if shown:
        return one
    hidden: dict[str, Any] = {key: value for key, value in one.items() if key not in ("BeforeContext", "AfterContext")}
    hidden["Details"] = [
        {
            **detail,
            "Target": {
                key: value
                for key, value in detail["Target"].items()
                if key in ("Attribute", "Name", "RequiresRecreation")
            },
        }
        for detail in one.get("Details", ())
    ]
    return hidden


def _summary(one: ChangeSet) -> Doc:
    return {
        "StackId": one.stack_id,
        "StackName": one.stack_name,
        "ChangeSetId": one.id,
        "ChangeSetName": one.name,
        "ExecutionStatus": one.execution,
        "Status": one.status,
        "StatusReason": one.reason or None,
        "CreationTime": one.created,
        "Description": one.description or None,
        "IncludeNestedStacks": one.nested,
        "ParentChangeSetId": one.parent_id or None,
        "RootChangeSetId": one.root_id or None,
        "ImportExistingResources": one.import_existing,
    }
