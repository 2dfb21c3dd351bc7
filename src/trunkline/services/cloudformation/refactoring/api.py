"""CreateStackRefactor, ExecuteStackRefactor and what shows them."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.engines.workflows import Workflows
from trunkline.services.cloudformation import store as stacks
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.model import Operation, Stack, Status
from trunkline.services.cloudformation.preparing import changing, sources
from trunkline.services.cloudformation.preparing.prepare import NO_TEMPLATE, Target, prepare
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.refactoring import planning, store
from trunkline.services.cloudformation.refactoring.model import Move, Part, Refactor
from trunkline.services.cloudformation.refactoring.planning import Impossible, Side
from trunkline.services.cloudformation.refactoring.workflow import NAME, RefactorRunner
from trunkline.services.cloudformation.workflow.callers import to_doc
from trunkline.services.cloudformation.workflow.record import Record


class RefactorOperations:
    """Part of CloudFormation's API."""

    def __init__(self, kit: Kit, workflows: Workflows) -> None:
        store.migrate(kit.db)
        self._refactor_kit = kit
        self._refactor_workflows = workflows
        RefactorRunner(kit, workflows)

    @operation()
    async def create_stack_refactor(self, call: Call, req: Doc) -> Doc:
        kit = self._refactor_kit
        sides = [await self._side(call, one, req) for one in req["StackDefinitions"]]
        made = Refactor(
            call.account,
            call.region,
            ids.uuid(),
            kit.clock.now(),
            to_doc(call.caller),
            req.get("Description") or "",
        )
        try:
            made.moves = planning.moves(sides, req.get("ResourceMappings") or [])
            await planning.unchanged(kit, call.caller, sides, made.moves)
        except Impossible as error:
            made.status, made.reason, made.execution = "CREATE_FAILED", str(error), "UNAVAILABLE"

        def write(tx: Tx) -> Doc:
            for side in sides:
                number = stacks.next_version(tx, side.stack.id)
                version = side.prepared.version(
                    side.stack.id, number, kit, call.caller, tags=side.stack.tags, outcome="proposed"
                )
                stacks.versions.put(tx, version)
                made.parts.append(Part(side.stack.id, side.stack.name, number, side.previous is None))
            store.refactors.put(tx, made)
            return {"StackRefactorId": made.id}

        return await kit.db.write(write)

    async def _side(self, call: Call, definition: Doc, req: Doc) -> Side:
        kit, name = self._refactor_kit, definition.get("StackName") or ""
        body = await sources.text(kit.call, call.caller, definition)
        if body is None:
            raise bad(NO_TEMPLATE)
        stack = stacks.stack(kit.db, call.account, call.region, name)
        if stack is None or stack.status is Status.DELETE_COMPLETE:
            if not req.get("EnableStackCreation"):
                raise bad(f"Stack [{name}] does not exist")
            stack = Stack(
                call.account,
                call.region,
                stacks.new_stack_id(call.region, call.account, name),
                name,
                Status.REVIEW_IN_PROGRESS,
                kit.clock.now(),
            )
        else:
            changing.check_updatable(stack)
        previous = stacks.version(kit.db, stack)
        known = previous.given if previous else {}
        given = [{"ParameterKey": key, "UsePreviousValue": True} for key in _declared(body) if key in known]
        prepared = await prepare(
            kit, call.caller, Target(stack.id, stack.name), body, given, previous=previous, capabilities=None
        )
        return Side(stack, prepared, previous, planning.rows_of(kit, stack))

    @operation()
    async def execute_stack_refactor(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            found = self._refactor(call, req, tx)
            if found.status != "CREATE_COMPLETE" or found.execution != "AVAILABLE":
                what = found.execution if found.status == "CREATE_COMPLETE" else found.status
                raise bad(f"StackRefactor [{found.id}] cannot be executed in its current status of [{what}]")
            operations = {part.stack_id: self._begin_part(tx, call, part) for part in found.parts}
            found.execution = "EXECUTE_IN_PROGRESS"
            store.refactors.put(tx, found)
            place = {"account": found.account, "region": found.region, "id": found.id, "operations": operations}
            self._refactor_workflows.start_in(tx, NAME, found.id, place)

        await self._refactor_kit.db.write(write)

    def _begin_part(self, tx: Tx, call: Call, part: Part) -> str:
        """An operation in the stack's history; a new stack comes into being."""
        kit = self._refactor_kit
        stack = stacks.stacks.get(tx, call.account, call.region, part.stack_id)
        if stack is None:
            if stacks.stack(tx, call.account, call.region, part.stack_name) is not None:
                raise AwsError("ValidationError", f"Stack [{part.stack_name}] already exists", status=400)
            now = kit.clock.now()
            state = Status.CREATE_IN_PROGRESS
            stack = Stack(call.account, call.region, part.stack_id, part.stack_name, state, now)
        else:
            changing.check_updatable(stack)
            stack.updated = kit.clock.now()
        made = Operation(
            stack.id,
            ids.uuid(),
            "CREATE" if part.is_new else "UPDATE",
            stack.account,
            stack.region,
            to_doc(call.caller),
            kit.clock.now(),
            version=part.version,
            role_arn=stack.role_arn,
            previous=stack.status.value,
        )
        stacks.operations.insert(tx, made)
        version = stacks.versions.get(tx, stack.id, part.version)
        if version is not None:
            version.outcome, version.operation = "", made.id
            stacks.versions.put(tx, version)
        stack.version, stack.operation = part.version, made.id
        state = Status.CREATE_IN_PROGRESS if part.is_new else Status.UPDATE_IN_PROGRESS
        Record(kit, made).enter(tx, stack, state, "Stack Refactor")
        return made.id

    def _refactor(self, call: Call, req: Doc, reader: Reader | None = None) -> Refactor:
        reader = reader or self._refactor_kit.db
        found = store.refactors.get(reader, call.account, call.region, req["StackRefactorId"])
        if found is None:
            message = f"StackRefactor [{req['StackRefactorId']}] does not exist"
            raise AwsError("StackRefactorNotFoundException", message, status=404)
        return found

    @operation()
    async def describe_stack_refactor(self, call: Call, req: Doc) -> Doc:
        found = self._refactor(call, req)
        return {**_summary(found), "StackIds": [part.stack_id for part in found.parts]}

    @operation()
    async def list_stack_refactors(self, call: Call, req: Doc) -> Doc:
        wanted = req.get("ExecutionStatusFilter") or ()
        listed = [
            one
            for one in store.refactors.find(self._refactor_kit.db, prefix=(call.account, call.region))
            if not wanted or one.execution in wanted
        ]
        page, token = paging.page(
            listed,
            req.get("MaxResults") or 100,
            req.get("NextToken"),
            key=lambda one: f"{one.created.isoformat()} {one.id}",
            error="ValidationError",
        )
        return {"StackRefactorSummaries": [_summary(one) for one in page], "NextToken": token}

    @operation()
    async def list_stack_refactor_actions(self, call: Call, req: Doc) -> Doc:
        found = self._refactor(call, req)
        actions = [
            {"Action": "CREATE", "Entity": "STACK", "Description": f"Stack {part.stack_name} will be created."}
            for part in found.parts
            if part.is_new
        ]
        names = {part.stack_id: part.stack_name for part in found.parts}
        actions += [_action(move, names) for move in found.moves]
        start = int(paging.decode(req["NextToken"], error="ValidationError")) if req.get("NextToken") else 0
        end = start + (req.get("MaxResults") or 100)
        token = paging.encode(str(end)) if end < len(actions) else None
        return {"StackRefactorActions": actions[start:end], "NextToken": token}


def _declared(body: str) -> list[str]:
    try:
        return list(template.Template(template.parse(body)).parameters)
    except template.TemplateError as error:
        raise bad(error.message) from error


def _summary(one: Refactor) -> Doc:
    return {
        "StackRefactorId": one.id,
        "Description": one.description or None,
        "ExecutionStatus": one.execution,
        "ExecutionStatusReason": one.execution_reason or None,
        "Status": one.status,
        "StatusReason": one.reason or None,
    }


def _action(move: Move, names: dict[str, str]) -> Doc:
    tags = {
        "aws:cloudformation:stack-id": move.destination,
        "aws:cloudformation:stack-name": names[move.destination],
        "aws:cloudformation:logical-id": move.logical_id,
    }
    return {
        "Action": "MOVE",
        "Entity": "RESOURCE",
        "PhysicalResourceId": move.physical_id,
        "ResourceIdentifier": move.physical_id,
        "Description": f"Resource {move.source_logical_id} of stack {names[move.source]} will be moved.",
        "Detection": "MANUAL" if move.manual else "AUTO",
        "TagResources": [{"Key": key, "Value": value} for key, value in tags.items()],
        "UntagResources": [],
        "ResourceMapping": {
            "Source": {"StackName": names[move.source], "LogicalResourceId": move.source_logical_id},
            "Destination": {"StackName": names[move.destination], "LogicalResourceId": move.logical_id},
        },
    }
