"""CreateStack, UpdateStack, DeleteStack and CancelUpdateStack."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Tx
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.api.part import STACK, Part, check_name
from trunkline.services.cloudformation.api.settings import options_of, settings_of
from trunkline.services.cloudformation.model import Operation, Stack, Status, Version
from trunkline.services.cloudformation.model.statuses import DELETABLE
from trunkline.services.cloudformation.preparing import changing, sources
from trunkline.services.cloudformation.preparing.nesting import nested_in
from trunkline.services.cloudformation.preparing.prepare import NO_TEMPLATE, Prepared, Target, prepare
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.workflow import words
from trunkline.services.cloudformation.workflow.callers import acting
from trunkline.services.cloudformation.workflow.cancelling import ask
from trunkline.services.cloudformation.workflow.record import Record
from trunkline.services.cloudformation.workflow.watching import CANCEL

NO_UPDATES = "No updates are to be performed."


class StackOperations(Part):
    """What makes, changes and ends stacks."""

    @operation(STACK, writes_once=True)
    async def create_stack(self, call: Call, req: Doc) -> Doc:
        name = req["StackName"]
        check_name(name)
        existing = store.stack(self._db, call.account, call.region, name)
        if existing is not None:
            return self._created_before(existing, req)
        body = await sources.text(self._kit.call, call.caller, req)
        if body is None:
            raise bad(NO_TEMPLATE)
        if req.get("OnFailure") and "DisableRollback" in req:
            raise bad("Either DisableRollback or OnFailure can be specified, not both.")
        stack = self._new_stack(call, name, Status.CREATE_IN_PROGRESS)
        settings_of(stack, req)
        stack.tags = normalise(req.get("Tags"), error="ValidationError")
        stack.policy = await sources.text(self._kit.call, call.caller, req, "StackPolicyBody", "StackPolicyURL") or ""
        prepared = await self._prepared(call, stack, body, req, None)
        made = self._operation(call, stack, "CREATE", req, **options_of(req, "CREATE"))
        made.version = 1

        def write(tx: Tx) -> Doc:
            other = store.stack(tx, call.account, call.region, name)
            if other is not None:
                return self._created_before(other, req)
            stack.version = 1
            store.versions.put(tx, self._version(call, stack, prepared, 1, made.id))
            self._begin(tx, stack, made, Status.CREATE_IN_PROGRESS, words.USER)
            return {"StackId": stack.id, "OperationId": made.id}

        return await self._db.write(write)

    def _created_before(self, stack: Stack, req: Doc) -> Doc:
        if known := self._seen(self._db, stack, "CREATE", req.get("ClientRequestToken")):
            return {"StackId": stack.id, "OperationId": known.id}
        raise AwsError("AlreadyExistsException", f"Stack [{stack.name}] already exists")

    def _new_stack(self, call: Call, name: str, status: Status) -> Stack:
        parent, root = nested_in()
        return Stack(
            account=call.account,
            region=call.region,
            id=store.new_stack_id(call.region, call.account, name),
            name=name,
            status=status,
            created=self._kit.clock.now(),
            parent_id=parent,
            root_id=root,
        )

    async def _prepared(self, call: Call, stack: Stack, body: str, req: Doc, previous: Version | None) -> Prepared:
        target = Target(stack.id, stack.name, tuple(stack.notification_arns))
        prepared = await prepare(
            self._kit,
            await self._acting(call, stack, req),
            target,
            body,
            req.get("Parameters") or [],
            previous=previous,
            capabilities=req.get("Capabilities") or [],
        )
        stack.description = prepared.template.description or ""
        return prepared

    async def _acting(self, call: Call, stack: Stack, req: Doc) -> Caller:
        return await acting(self._kit, call.caller, req.get("RoleARN") or stack.role_arn)

    def _version(self, call: Call, stack: Stack, prepared: Prepared, number: int, operation_id: str) -> Version:
        return prepared.version(stack.id, number, self._kit, call.caller, tags=stack.tags, operation=operation_id)

    @operation(STACK)
    async def update_stack(self, call: Call, req: Doc) -> Doc:
        stack = self._existing(call, req["StackName"])
        if known := self._seen(self._db, stack, "UPDATE", req.get("ClientRequestToken")):
            return {"StackId": stack.id, "OperationId": known.id}
        changing.check_updatable(stack)
        previous = store.version(self._db, stack)
        assert previous is not None
        body = previous.body if req.get("UsePreviousTemplate") else None
        if body is None:
            body = await sources.text(self._kit.call, call.caller, req)
        if body is None:
            raise bad(NO_TEMPLATE)
        before = stack.status
        settings_of(stack, req, update=True)
        if "Tags" in req:
            stack.tags = normalise(req.get("Tags"), error="ValidationError")
        if policy := await sources.text(self._kit.call, call.caller, req, "StackPolicyBody", "StackPolicyURL"):
            stack.policy = policy
        during = await sources.text(
            self._kit.call, call.caller, req, "StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL"
        )
        prepared = await self._prepared(call, stack, body, req, previous)
        changing.check_types(self._db, stack, prepared)
        if before is not Status.UPDATE_FAILED and before is not Status.CREATE_FAILED:
            acting = await self._acting(call, stack, req)
            again = bool(req.get("UsePreviousTemplate"))
            stale = await changing.stale(self._kit, acting, stack, prepared, previous, again=again)
            if not stale:
                raise bad(NO_UPDATES)
        made = self._operation(call, stack, "UPDATE", req, policy=during or "", **options_of(req, "UPDATE"))

        def write(tx: Tx) -> Doc:
            current = self._existing(call, stack.id, reader=tx)
            changing.check_updatable(current)
            number = store.next_version(tx, stack.id)
            made.version = number
            stack.updated = self._kit.clock.now()
            stack.version = number
            store.versions.put(tx, self._version(call, stack, prepared, number, made.id))
            for one in store.change_sets.find(tx, prefix=(stack.account, stack.region), stack_id=stack.id):
                if one.execution == "AVAILABLE":
                    one.execution = "OBSOLETE"  # it was made for the stack as it was before
                    store.change_sets.put(tx, one)
            self._begin(tx, stack, made, Status.UPDATE_IN_PROGRESS, words.USER)
            return {"StackId": stack.id, "OperationId": made.id}

        return await self._db.write(write)

    @operation(STACK)
    async def delete_stack(self, call: Call, req: Doc) -> None:
        found = store.stack(self._db, call.account, call.region, req["StackName"])
        if found is None or found.status is Status.DELETE_COMPLETE:
            return
        if self._seen(self._db, found, "DELETE", req.get("ClientRequestToken")):
            return

        def write(tx: Tx) -> str:
            stack = self._stack(call, found.id, reader=tx)
            self._check_deletable(tx, stack, req)
            if stack.status in (Status.DELETE_COMPLETE, Status.DELETE_IN_PROGRESS):
                return ""
            running, stack.deletion_mode = stack.operation, req.get("DeletionMode") or ""
            interrupts = stack.status is Status.CREATE_IN_PROGRESS
            made = self._operation(
                call,
                stack,
                "DELETE",
                req,
                retain=req.get("RetainResources") or [],
                mode=req.get("DeletionMode") or "",
                after=running if interrupts else "",
            )
            made.version = stack.version
            if stack.status is Status.REVIEW_IN_PROGRESS:
                self._forget_review(tx, stack, made)
                return ""
            if interrupts:
                ask(tx, stack, "delete")
                stack = self._stack(call, found.id, reader=tx)
                wish = stack.cancel
                self._begin(tx, stack, made, Status.DELETE_IN_PROGRESS, words.USER)
                stack.cancel = wish
                store.stacks.put(tx, stack)
                return running
            self._begin(tx, stack, made, Status.DELETE_IN_PROGRESS, words.USER)
            return ""

        if running := await self._db.write(write):
            self._cancels.wake(running)

    def _forget_review(self, tx: Tx, stack: Stack, made: Operation) -> None:
        """A stack that only had change sets has nothing to delete."""
        for one in store.change_sets.find(tx, prefix=(stack.account, stack.region), stack_id=stack.id):
            store.change_sets.delete(tx, one.account, one.region, one.id)
        store.operations.insert(tx, made)
        record = Record(self._kit, made)
        record.enter(tx, stack, Status.DELETE_IN_PROGRESS, words.USER)
        stack.deleted = self._kit.clock.now()
        record.enter(tx, stack, Status.DELETE_COMPLETE)

    def _check_deletable(self, tx: Tx, stack: Stack, req: Doc) -> None:
        if stack.protected:
            raise bad(f"Stack [{stack.id}] cannot be deleted while TerminationProtection is enabled")
        if stack.status not in DELETABLE:
            raise bad(f"Stack [{stack.id}] cannot be deleted while in status {stack.status}")
        retained = req.get("RetainResources") or []
        if retained and stack.status is not Status.DELETE_FAILED:
            raise bad(
                f"Invalid operation on stack [{stack.id}]. RetainResources can only be specified for a stack in "
                "DELETE_FAILED state"
            )
        if req.get("DeletionMode") == "FORCE_DELETE_STACK" and stack.status is not Status.DELETE_FAILED:
            raise bad(f"Stack [{stack.name}] can be force deleted only in DELETE_FAILED state")
        rows = store.of_stack(tx, stack.id)
        if strangers := [name for name in retained if name not in rows]:
            raise bad(f"Resources [{', '.join(strangers)}] do not exist in stack [{stack.name}]")

    @operation(STACK)
    async def cancel_update_stack(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> str:
            stack = self._existing(call, req["StackName"], reader=tx)
            if stack.status is not Status.UPDATE_IN_PROGRESS:
                raise bad("CancelUpdateStack cannot be called from current stack status")
            ask(tx, stack, words.USER)
            self._engine.send_in(tx, stack.operation, CANCEL, {})
            return stack.operation

        self._cancels.wake(await self._db.write(write))
