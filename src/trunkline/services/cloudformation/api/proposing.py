"""What a change set is made of: the stack it is for, the template prepared, and what that would change."""

from dataclasses import dataclass

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision
from trunkline.aws.service import Call, Caller, Doc, Kit
from trunkline.aws.tags import normalise
from trunkline.core import ids
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.api.part import check_name
from trunkline.services.cloudformation.drift.living import REVERT
from trunkline.services.cloudformation.hooks import asking
from trunkline.services.cloudformation.model import ChangeSet, Stack, Status, Version
from trunkline.services.cloudformation.preparing import changing, early, import_rules, importing, refusing, sources
from trunkline.services.cloudformation.preparing.changes import Changes
from trunkline.services.cloudformation.preparing.nesting import nested_in
from trunkline.services.cloudformation.preparing.prepare import NO_TEMPLATE, Prepared, Target, TransformFailed, prepare
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.workflow.callers import acting

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
_KEPT = (
    "Capabilities",
    "NotificationARNs",
    "RollbackConfiguration",
    "RoleARN",
    "DeploymentConfig",
    "DeploymentMode",
    "DisableRollback",
    "RetainExceptOnCreate",
)


@dataclass(slots=True)
class Proposal:
    """A change set that is not written yet; `prepared` is None where the template could not be transformed."""

    stack: Stack
    change_set: ChangeSet
    prepared: Prepared | None


async def propose(kit: Kit, call: Call, req: Doc) -> Proposal:
    """Raises AwsError for a request that AWS refuses at once; what fails later is the change set's status."""
    stack, kind = _stack(kit, call, req)
    if kind == "CREATE" and any(one.get("UsePreviousValue") for one in req.get("Parameters") or ()):
        raise bad("Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE")
    if "Tags" in req:
        stack.tags = normalise(req["Tags"], error="ValidationError")
    if "NotificationARNs" in req:
        stack.notification_arns = req["NotificationARNs"]
    previous = store.version(kit.db, stack)
    body = (
        previous.body if req.get("UsePreviousTemplate") and previous else await sources.text(kit.call, call.caller, req)
    )
    if body is None:
        raise bad(NO_TEMPLATE)
    change_set = _change_set(kit, call, req, stack, kind)
    target = Target(stack.id, stack.name, tuple(stack.notification_arns))
    try:
        prepared = await prepare(
            kit,
            await _acting(kit, call, stack, req),
            target,
            body,
            req.get("Parameters") or [],
            previous=previous,
            capabilities=req.get("Capabilities") or [],
            expand=False,
        )
    except TransformFailed as error:
        return Proposal(stack, _failed(change_set, error.message), None)
    changing.check_types(kit.db, stack, prepared)
    await _fill(kit, call, req, stack, change_set, prepared, previous)
    return Proposal(stack, change_set, prepared)


async def _acting(kit: Kit, call: Call, stack: Stack, req: Doc) -> Caller:
    return await acting(kit, call.caller, req.get("RoleARN") or stack.role_arn)


def _stack(kit: Kit, call: Call, req: Doc) -> tuple[Stack, str]:
    name, kind = req["StackName"], req.get("ChangeSetType") or "UPDATE"
    found = store.stack(kit.db, call.account, call.region, name)
    if found is not None and found.status is Status.DELETE_COMPLETE:
        found = None
    if found is None:
        if kind == "UPDATE":
            raise bad(f"Stack [{name}] does not exist")
        check_name(name)
        parent, root = nested_in()
        return (
            Stack(
                account=call.account,
                region=call.region,
                id=store.new_stack_id(call.region, call.account, name),
                name=name,
                status=Status.REVIEW_IN_PROGRESS,
                created=kit.clock.now(),
                parent_id=parent,
                root_id=root,
            ),
            kind,
        )
    if found.status is Status.REVIEW_IN_PROGRESS:
        if kind == "UPDATE":
            raise bad(f"Stack [{found.name}] does not exist")
        return found, kind
    if kind == "CREATE":
        raise bad(
            f"Stack [{found.name}] already exists and cannot be created again with the changeSet "
            f"[{req['ChangeSetName']}]."
        )
    changing.check_updatable(found)
    return found, kind


def _change_set(kit: Kit, call: Call, req: Doc, stack: Stack, kind: str) -> ChangeSet:
    name = req["ChangeSetName"]
    return ChangeSet(
        account=call.account,
        region=call.region,
        id=f"arn:aws:cloudformation:{call.region}:{call.account}:changeSet/{name}/{ids.uuid()}",
        name=name,
        stack_id=stack.id,
        stack_name=stack.name,
        kind=kind,
        status="CREATE_COMPLETE",
        execution="AVAILABLE",
        created=kit.clock.now(),
        description=req.get("Description") or "",
        target={key: req[key] for key in _KEPT if key in req},
        token=req.get("ClientToken") or "",
        nested=bool(req.get("IncludeNestedStacks")),
        on_failure=req.get("OnStackFailure") or "",
        import_existing=bool(req.get("ImportExistingResources")),
        deployment=req.get("DeploymentConfig") or {},
    )


async def _fill(
    kit: Kit, call: Call, req: Doc, stack: Stack, change_set: ChangeSet, prepared: Prepared, previous: Version | None
) -> None:
    """The changes, or why there are none."""
    try:
        imports = await _imports(kit, call, req, stack, change_set, prepared)
        caller = await _acting(kit, call, stack, req)
        reverts = req.get("DeploymentMode") == REVERT
        working = Changes(kit, caller, stack, prepared, previous, imports, reverts=reverts)
        changes = await working.run()
    except template.TemplateError as error:
        _failed(change_set, error.message)
        return
    change_set.imports = [{"LogicalResourceId": name, "PhysicalResourceId": found} for name, found in imports.items()]
    change_set.changes = changes
    if not changes:
        await unchanged(kit, call, Proposal(stack, change_set, prepared))
    if change_set.status != "FAILED" and (problems := await early.problems(kit, caller, working)):
        change_set.problems = problems
        _failed(change_set, early.reason(problems))
    if change_set.status != "FAILED" and (reason := await _hooks(kit, call, stack, change_set, prepared)):
        _failed(change_set, reason)
    if change_set.kind == "IMPORT":
        import_rules.check_alone(changes)


async def _hooks(kit: Kit, call: Call, stack: Stack, change_set: ChangeSet, prepared: Prepared) -> str:
    """Why hooks refuse the change set; nothing if they do not."""
    question = asking.Question(
        "CHANGE_SET",
        change_set.kind.replace("IMPORT", "CREATE"),
        call.account,
        call.region,
        change_set.id,
        stack.id,
        stack.name,
        ids.uuid(),
        stack.role_arn,
        data={"template": prepared.template.doc, "changedResources": change_set.changes},
    )
    return asking.refusing(await asking.ask(kit, question))


async def unchanged(kit: Kit, call: Call, proposal: Proposal) -> None:
    """Fail a change set without resource changes, unless outputs, tags or the like change."""
    previous = store.version(kit.db, proposal.stack)
    if previous is None or proposal.prepared is None or proposal.change_set.status == "FAILED":
        return
    caller = await _acting(kit, call, proposal.stack, proposal.change_set.target)
    if not await changing.stale(kit, caller, proposal.stack, proposal.prepared, previous):
        _failed(proposal.change_set, NO_CHANGES)


async def _imports(
    kit: Kit, call: Call, req: Doc, stack: Stack, change_set: ChangeSet, prepared: Prepared
) -> dict[str, str]:
    """The physical ids of what exists already and is taken in, by logical id."""
    found: dict[str, str] = {}
    caller = await _acting(kit, call, stack, req)
    new = set(prepared.waits) - {
        name for name, row in store.of_stack(kit.db, stack.id).items() if row.status != "DELETE_COMPLETE"
    }
    entries = req.get("ResourcesToImport") or []
    if entries or change_set.kind == "IMPORT":
        import_rules.check(entries, prepared.template, new, whole=change_set.kind == "IMPORT")
    for one in entries:
        name = one["LogicalResourceId"]
        resource = prepared.template.resources[name]
        physical_id = await _existing(kit, caller, name, resource, one["ResourceIdentifier"])
        if physical_id is None:
            raise bad(
                f"Resource of type '{resource.type}' with identifier '{'|'.join(one['ResourceIdentifier'].values())}' "
                "was not found."
            )
        found[name] = physical_id
    if change_set.import_existing:
        for name in sorted(new - set(found)):
            resource = prepared.template.resources[name]
            named = importing.identifier_in(resource.type, _literal(resource.properties))
            physical_id = await _existing(kit, caller, name, resource, named) if named else None
            if physical_id is not None:
                found[name] = physical_id
    for name, physical_id in found.items():
        owner = _owner(kit, call, prepared.template.resources[name].type, physical_id)
        if owner:
            raise bad(f"Resource {physical_id} is already managed by stack {owner}.")
    return found


async def _existing(kit: Kit, caller: Caller, name: str, resource: "template.Resource", identifier: Doc) -> str | None:
    kind = refusing.find(kit, resource.type)
    if kind is None:
        return None
    on = Provision(kit.call, caller, ids.uuid(), logical_id=name)
    try:
        return await importing.physical_id(kind, on, identifier, _literal(resource.properties))
    except AwsError as error:
        raise bad(error.message or error.code) from error


def _owner(kit: Kit, call: Call, type: str, physical_id: str) -> str:
    for row in store.resources.find(kit.db, physical_id=physical_id):
        stack = store.stacks.get(kit.db, call.account, call.region, row.stack_id)
        if stack is not None and row.type == type and row.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
            return stack.id
    return ""


def _literal(properties: object) -> Doc:
    """The properties that stand in the template as they are."""
    if not isinstance(properties, dict):
        return {}
    return {key: value for key, value in properties.items() if isinstance(value, (str, int, bool))}


def _failed(change_set: ChangeSet, reason: str) -> ChangeSet:
    change_set.status, change_set.execution, change_set.reason = "FAILED", "UNAVAILABLE", reason
    return change_set
