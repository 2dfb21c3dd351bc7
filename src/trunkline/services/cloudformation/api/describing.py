"""What stacks there are, what belongs to them, and what happened to them."""

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.api import views
from trunkline.services.cloudformation.api.part import STACK, Part
from trunkline.services.cloudformation.model import Operation, Stack, StackEvent, Status
from trunkline.services.cloudformation.preparing.metadata import resolved
from trunkline.services.cloudformation.preparing.sources import bad

PAGE = 100
_REFUSED = "ValidationError"


class DescribeOperations(Part):
    """Stacks, resources, events."""

    @operation(STACK)
    async def describe_stacks(self, call: Call, req: Doc) -> Doc:
        if name := req.get("StackName"):
            found = self._stack(call, name)
            return {"Stacks": [views.stack(found, store.version(self._db, found))]}
        living = [one for one in self._all(call) if one.status is not Status.DELETE_COMPLETE]
        page, token = self._newest_first(living, req.get("NextToken"))
        return {"Stacks": [views.stack(one, store.version(self._db, one)) for one in page], "NextToken": token}

    @operation()
    async def list_stacks(self, call: Call, req: Doc) -> Doc:
        wanted = set(req.get("StackStatusFilter") or ())
        found = [one for one in self._all(call) if not wanted or one.status.value in wanted]
        page, token = self._newest_first(found, req.get("NextToken"))
        return {"StackSummaries": [views.summary(one) for one in page], "NextToken": token}

    def _all(self, call: Call) -> list[Stack]:
        return store.stacks.find(self._db, prefix=(call.account, call.region))

    def _newest_first(self, found: list[Stack], token: str | None) -> tuple[list[Stack], str | None]:
        return paging.page(
            found, PAGE, token, key=lambda one: f"{one.created.isoformat()} {one.id}", reverse=True, error=_REFUSED
        )

    @operation(STACK)
    async def describe_stack_events(self, call: Call, req: Doc) -> Doc:
        stack = self._for_events(call, req["StackName"])
        before = int(paging.decode(req["NextToken"], error=_REFUSED)) if req.get("NextToken") else None
        found = store.newest_events(self._db, stack.id, before=before, limit=PAGE + 1)
        page = found[:PAGE]
        token = paging.encode(str(page[-1].seq)) if len(found) > PAGE else None
        return {"StackEvents": [views.event(one) for one in page], "NextToken": token}

    def _for_events(self, call: Call, name: str) -> Stack:
        """Events are told of deleted stacks by their id only, and missing ones are worded in brackets."""
        found = store.stack(self._db, call.account, call.region, name)
        if found is None:
            raise bad(f"Stack [{name}] does not exist")
        return found

    @operation(STACK)
    async def describe_events(self, call: Call, req: Doc) -> Doc:
        if req.get("ChangeSetName"):
            return self._validation_events(call, req)
        events, stack_id = self._operation_events(call, req)
        if (req.get("Filters") or {}).get("FailedEvents"):
            events = [one for one in events if one.status.endswith("_FAILED") or one.kind != "STACK_EVENT"]
        page, token = paging.page(
            events, PAGE, req.get("NextToken"), key=lambda one: f"{one.seq:012}", reverse=True, error=_REFUSED
        )
        operations = {one.id: one for one in store.operations.find(self._db, prefix=(stack_id,))}
        return {"OperationEvents": [_operation_event(one, operations) for one in page], "NextToken": token}

    def _validation_events(self, call: Call, req: Doc) -> Doc:
        """Of a change set there is nothing to tell but what its early validation found."""
        found = self._change_set(call, req)
        operation = found.id.rpartition("/")[2]
        told = [
            {
                "EventId": f"{operation}-{number}",
                "StackId": found.stack_id,
                "OperationId": operation,
                "OperationType": "CREATE_CHANGESET",
                "Timestamp": found.created,
                **problem,
            }
            for number, problem in enumerate(found.problems)
        ]
        page, token = paging.page(
            told, PAGE, req.get("NextToken"), key=lambda one: f"{told.index(one):06}", error=_REFUSED
        )
        return {"OperationEvents": page, "NextToken": token}

    def _operation_events(self, call: Call, req: Doc) -> tuple[list[StackEvent], str]:
        if req.get("StackName"):
            stack = self._for_events(call, req["StackName"])
            found = store.stack_events.find(self._db, prefix=(stack.id,))
            if req.get("OperationId"):
                found = [one for one in found if one.operation == req["OperationId"]]
            return found, stack.id
        if not req.get("OperationId"):
            raise bad("Either StackName, ChangeSetName or OperationId must be specified.")
        found = store.stack_events.find(self._db, operation=req["OperationId"])
        return found, found[0].stack_id if found else ""

    @operation(STACK)
    async def describe_stack_resource(self, call: Call, req: Doc) -> Doc:
        stack = self._named(call, req["StackName"])
        row = store.resources.get(self._db, stack.id, req["LogicalResourceId"])
        if row is None:
            raise bad(f"Resource {req['LogicalResourceId']} does not exist for stack {stack.name}")
        metadata = await resolved(self._kit, call.caller, stack, row)
        return {"StackResourceDetail": views.resource_detail(row, stack, metadata)}

    def _named(self, call: Call, name: str) -> Stack:
        found = store.stack(self._db, call.account, call.region, name)
        if found is None:
            raise bad(f"Stack '{name}' does not exist")
        return found

    @operation(STACK)
    async def describe_stack_resources(self, call: Call, req: Doc) -> Doc:
        if physical_id := req.get("PhysicalResourceId"):
            if req.get("StackName"):
                raise bad("Only one of StackName or PhysicalResourceId can be specified")
            stack = self._owner(call, physical_id)
        elif req.get("StackName"):
            stack = self._stack(call, req["StackName"])
        else:
            raise bad("Either StackName or PhysicalResourceId must be specified")
        rows = store.of_stack(self._db, stack.id)
        wanted = req.get("LogicalResourceId")
        if wanted and wanted not in rows:
            raise bad(f"Resource {wanted} does not exist for stack {stack.name}")
        found = [row for name, row in rows.items() if wanted in (None, name)]
        return {"StackResources": [views.resource(row, stack) for row in found[:PAGE]]}

    def _owner(self, call: Call, physical_id: str) -> Stack:
        for row in store.resources.find(self._db, physical_id=physical_id):
            found = store.stacks.get(self._db, call.account, call.region, row.stack_id)
            if found is not None and row.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
                return found
        raise bad(f"Stack for {physical_id} does not exist")

    @operation(STACK)
    async def list_stack_resources(self, call: Call, req: Doc) -> Doc:
        stack = self._stack(call, req["StackName"])
        rows = store.of_stack(self._db, stack.id).values()
        page, token = paging.page(rows, PAGE, req.get("NextToken"), key=lambda row: row.logical_id, error=_REFUSED)
        return {"StackResourceSummaries": [views.resource_summary(row, stack) for row in page], "NextToken": token}

    @operation()
    async def describe_account_limits(self, call: Call, req: Doc) -> Doc:
        limits = {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}
        return {"AccountLimits": [{"Name": name, "Value": value} for name, value in limits.items()]}


def _operation_event(one: StackEvent, operations: dict[str, Operation]) -> Doc:
    found = views.event(one)
    for name in ("StackName", "Properties"):
        found.pop(name, None)
    run = operations.get(one.operation)
    return {
        **found,
        "OperationType": one.operation_type or None,
        "EventType": one.kind
        if one.kind != "STACK_EVENT" or not one.status.endswith("FAILED") or not one.reason
        else "PROVISIONING_ERROR",
        "StartTime": run.begun if run else None,
    }
