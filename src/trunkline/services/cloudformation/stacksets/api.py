"""The operations of stack sets."""

from typing import Any

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.aws.tags import normalise
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.engines.workflows import Workflows
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.preparing import refusing, sources
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.stacksets import store, views
from trunkline.services.cloudformation.stacksets.model import EXECUTION_ROLE, Instance, SetOperation, StackSet
from trunkline.services.cloudformation.stacksets.workflow import NAME, SetRunner

SET = "arn:aws:cloudformation:{region}:{account}:stackset/{StackSetName}:*"
_REFUSED = "ValidationError"


class StackSetOperations:
    """Part of CloudFormation's API."""

    def __init__(self, kit: Kit, workflows: Workflows) -> None:
        store.migrate(kit.db)
        self._set_kit = kit
        self._set_workflows = workflows
        SetRunner(kit, workflows)

    # sets ----------------------------------------------------------------------------------------------------------

    @operation(SET)
    async def create_stack_set(self, call: Call, req: Doc) -> Doc:
        _self_managed(req)
        if req.get("StackId"):
            raise Refused(
                "Trunkline does not import stacks into stack sets: leave StackId out.", code=_REFUSED, status=400
            )
        body = await self._body(call, req, None)
        name = req["StackSetName"]
        made = StackSet(
            call.account,
            call.region,
            f"{name}:{ids.uuid()}",
            name,
            body,
            self._set_kit.clock.now(),
            token=req.get("ClientRequestToken") or "",
        )
        _settings(made, req)

        def write(tx: Tx) -> Doc:
            known = store.named(tx, call.account, call.region, name)
            if known is not None:
                if made.token and known.token == made.token:
                    return {"StackSetId": known.id}
                raise AwsError("NameAlreadyExistsException", f"Stack set {name} already exists.")
            store.sets.put(tx, made)
            return {"StackSetId": made.id}

        return await self._set_kit.db.write(write)

    async def _body(self, call: Call, req: Doc, found: StackSet | None) -> str:
        body = await sources.text(self._set_kit.call, call.caller, req)
        if body is None and found is not None and req.get("UsePreviousTemplate"):
            body = found.body
        if body is None:
            raise bad("Either Template URL or Template Body must be specified.")
        try:
            parsed = template.Template(template.parse(body))
            parsed.check()
        except template.TemplateError as error:
            raise bad(error.message) from error
        given = set(req.get("Capabilities") or ())
        if "CAPABILITY_NAMED_IAM" in given:
            given.add("CAPABILITY_IAM")
        if missing := sorted(set(template.capabilities(parsed).needed) - given):
            asked = f"Requires capabilities : [{', '.join(missing)}]"
            raise AwsError("InsufficientCapabilitiesException", asked, status=400)
        if not parsed.pending:
            refusing.check(self._set_kit, parsed, [name for name, one in parsed.resources.items() if not one.condition])
        return body

    @operation(SET)
    async def update_stack_set(self, call: Call, req: Doc) -> Doc:
        _self_managed(req)
        current = self._set(call, req)
        body = await self._body(call, req, current)

        def write(tx: Tx) -> Doc:
            found = self._set(call, req, tx)
            found.body = body
            _settings(found, req, update=True)
            store.sets.put(tx, found)
            accounts, regions = req.get("Accounts"), req.get("Regions")
            listed = store.of_set(tx, found)
            wanted = [
                one
                for one in listed
                if (not accounts or one.account in accounts) and (not regions or one.region in regions)
            ]
            for one in listed:
                one.status = "OUTDATED"
                store.instances.put(tx, one)
            return self._start(tx, call, found, "UPDATE", wanted, req)

        return await self._set_kit.db.write(write)

    @operation(SET)
    async def delete_stack_set(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> None:
            found = store.named(tx, call.account, call.region, req["StackSetName"])
            if found is None or found.status == "DELETED":
                return
            self._idle(tx, found)
            if store.of_set(tx, found):
                raise AwsError("StackSetNotEmptyException", "StackSet is not empty")
            found.status = "DELETED"
            store.sets.put(tx, found)

        await self._set_kit.db.write(write)
        return {}

    @operation(SET)
    async def describe_stack_set(self, call: Call, req: Doc) -> Doc:
        found = self._set(call, req)
        regions = list(dict.fromkeys(one.region for one in store.of_set(self._set_kit.db, found)))
        return {"StackSet": views.stack_set(found, call, regions)}

    @operation()
    async def list_stack_sets(self, call: Call, req: Doc) -> Doc:
        listed = store.sets.find(self._set_kit.db, prefix=(call.account, call.region))
        listed = [one for one in listed if req.get("Status") in (None, one.status)]
        page, token = self._page(listed, req, key=lambda one: one.id)
        return {"Summaries": [views.summary(one) for one in page], "NextToken": token}

    # instances -----------------------------------------------------------------------------------------------------

    @operation(SET)
    async def create_stack_instances(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            found = self._set(call, req, tx)
            self._idle(tx, found)
            wanted = []
            for account in _accounts(req):
                for region in req["Regions"]:
                    one = store.instances.get(tx, found.id, account, region) or Instance(found.id, account, region)
                    one.overrides = req.get("ParameterOverrides") or one.overrides
                    store.instances.put(tx, one)
                    wanted.append(one)
            return self._start(tx, call, found, "CREATE", wanted, req)

        return await self._set_kit.db.write(write)

    @operation(SET)
    async def update_stack_instances(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            found = self._set(call, req, tx)
            self._idle(tx, found)
            wanted = self._named_instances(tx, found, req)
            for one in wanted:
                if "ParameterOverrides" in req:
                    one.overrides = req["ParameterOverrides"]
                    store.instances.put(tx, one)
            return self._start(tx, call, found, "UPDATE", wanted, req)

        return await self._set_kit.db.write(write)

    @operation(SET)
    async def delete_stack_instances(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            found = self._set(call, req, tx)
            self._idle(tx, found)
            wanted = self._named_instances(tx, found, req, all_there=False)
            return self._start(tx, call, found, "DELETE", wanted, req)

        return await self._set_kit.db.write(write)

    def _named_instances(self, tx: Tx, found: StackSet, req: Doc, *, all_there: bool = True) -> list[Instance]:
        wanted = []
        for account in _accounts(req):
            for region in req["Regions"]:
                one = store.instances.get(tx, found.id, account, region)
                if one is not None:
                    wanted.append(one)
                elif all_there:
                    raise AwsError(
                        "StackInstanceNotFoundException",
                        f"Stack instance for account {account} and region {region} not found",
                    )
        return wanted

    @operation(SET)
    async def describe_stack_instance(self, call: Call, req: Doc) -> Doc:
        found = self._set(call, req)
        place = (req["StackInstanceAccount"], req["StackInstanceRegion"])
        one = store.instances.get(self._set_kit.db, found.id, *place)
        if one is None:
            raise AwsError("StackInstanceNotFoundException", f"Stack instance {'/'.join(place)} not found")
        return {"StackInstance": {**views.instance(one), "ParameterOverrides": one.overrides}}

    @operation(SET)
    async def list_stack_instances(self, call: Call, req: Doc) -> Doc:
        listed = [
            one
            for one in store.of_set(self._set_kit.db, self._set(call, req))
            if req.get("StackInstanceAccount") in (None, one.account)
            and req.get("StackInstanceRegion") in (None, one.region)
            and all(_passes(one, given) for given in req.get("Filters") or ())
        ]
        page, token = self._page(listed, req, key=lambda one: f"{one.account}/{one.region}")
        return {"Summaries": [views.instance(one) for one in page], "NextToken": token}

    # operations ----------------------------------------------------------------------------------------------------

    @operation(SET)
    async def detect_stack_set_drift(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            found = self._set(call, req, tx)
            self._idle(tx, found)
            return self._start(tx, call, found, "DETECT_DRIFT", store.of_set(tx, found), req)

        return await self._set_kit.db.write(write)

    @operation(SET)
    async def stop_stack_set_operation(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> None:
            one = self._operation_of(call, req, tx)
            if one.status != "RUNNING":
                raise AwsError("InvalidOperationException", f"Operation {one.id} is in {one.status} state.")
            one.status = "STOPPING"
            store.operations.put(tx, one)

        await self._set_kit.db.write(write)
        return {}

    @operation(SET)
    async def describe_stack_set_operation(self, call: Call, req: Doc) -> Doc:
        one = self._operation_of(call, req)
        return {"StackSetOperation": views.operation(one, self._set(call, req))}

    @operation(SET)
    async def list_stack_set_operations(self, call: Call, req: Doc) -> Doc:
        listed = store.operations.find(self._set_kit.db, prefix=(self._set(call, req).id,))
        page, token = self._page(listed, req, key=lambda one: f"{one.number:09}", reverse=True)
        return {"Summaries": [views.operation_summary(one) for one in page], "NextToken": token}

    @operation(SET)
    async def list_stack_set_operation_results(self, call: Call, req: Doc) -> Doc:
        one = self._operation_of(call, req)
        page, token = self._page(one.results, req, key=lambda result: f"{result['Account']}/{result['Region']}")
        return {"Summaries": page, "NextToken": token}

    # what they share -----------------------------------------------------------------------------------------------

    def _set(self, call: Call, req: Doc, reader: Reader | None = None) -> StackSet:
        found = store.named(reader or self._set_kit.db, call.account, call.region, req["StackSetName"])
        if found is None:
            raise AwsError("StackSetNotFoundException", f"StackSet {req['StackSetName']} not found")
        return found

    def _operation_of(self, call: Call, req: Doc, reader: Reader | None = None) -> SetOperation:
        found = self._set(call, req, reader)
        one = store.operations.get(reader or self._set_kit.db, found.id, req["OperationId"])
        if one is None:
            raise AwsError("OperationNotFoundException", f"Operation {req['OperationId']} not found")
        return one

    def _idle(self, tx: Tx, found: StackSet) -> None:
        other = store.running(tx, found)
        if other is not None:
            raise AwsError(
                "OperationInProgressException", f"Another Operation on StackSet {found.id} is in progress: {other.id}"
            )

    def _start(self, tx: Tx, call: Call, found: StackSet, action: str, wanted: list[Instance], req: Doc) -> Doc:
        made = req.get("OperationId") or ids.uuid()
        if store.operations.get(tx, found.id, made) is not None:
            raise AwsError("OperationIdAlreadyExistsException", f"The operation id {made} exists already.")
        self._idle(tx, found)
        store.operations.put(
            tx,
            SetOperation(
                found.id,
                made,
                action,
                self._set_kit.clock.now(),
                call.account,
                call.region,
                preferences=req.get("OperationPreferences") or {},
                retain=bool(req.get("RetainStacks")),
                targets=[(one.account, one.region) for one in wanted],
                number=len(store.operations.find(tx, prefix=(found.id,))),
            ),
        )
        self._set_workflows.start_in(tx, NAME, f"{found.id}/{made}", {"set": found.id, "operation": made})
        return {"OperationId": made}

    def _page(self, listed: list[Any], req: Doc, **how: Any) -> tuple[list[Any], str | None]:
        return paging.page(listed, req.get("MaxResults") or 100, req.get("NextToken"), error=_REFUSED, **how)


def _self_managed(req: Doc) -> None:
    if req.get("PermissionModel") == "SERVICE_MANAGED" or req.get("CallAs") == "DELEGATED_ADMIN":
        raise Refused(
            "Trunkline has no organizations: use the SELF_MANAGED permission model and name accounts.",
            code=_REFUSED,
            status=400,
        )


def _accounts(req: Doc) -> list[str]:
    targets = req.get("DeploymentTargets") or {}
    if targets.get("OrganizationalUnitIds"):
        raise bad("Trunkline has no organizations: name accounts.")
    found = req.get("Accounts") or targets.get("Accounts")
    if not found:
        raise bad("Accounts must be specified for a stack set with the SELF_MANAGED permission model.")
    return list(dict.fromkeys(found))


def _settings(found: StackSet, req: Doc, *, update: bool = False) -> None:
    if not update or "Description" in req:
        found.description = req.get("Description") or ""
    if not update or "Parameters" in req:
        known = {one["ParameterKey"]: one for one in found.parameters}
        found.parameters = [
            known[one["ParameterKey"]] if one.get("UsePreviousValue") and one["ParameterKey"] in known else one
            for one in req.get("Parameters") or []
        ]
    if not update or "Capabilities" in req:
        found.capabilities = req.get("Capabilities") or []
    if not update or "Tags" in req:
        normalise(req.get("Tags"), error="ValidationError")
        found.tags = req.get("Tags") or []
    if req.get("AdministrationRoleARN"):
        found.administration_role = req["AdministrationRoleARN"]
    found.execution_role = req.get("ExecutionRoleName") or found.execution_role or EXECUTION_ROLE
    if "ManagedExecution" in req:
        found.managed_execution = bool(req["ManagedExecution"].get("Active"))


def _passes(one: Instance, given: Doc) -> bool:
    match given.get("Name"):
        case "DETAILED_STATUS":
            return one.detailed == given.get("Values")
        case "LAST_OPERATION_ID":
            return one.operation == given.get("Values")
        case "DRIFT_STATUS":
            return one.drift == given.get("Values")
    return True
