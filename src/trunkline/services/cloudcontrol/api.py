"""The operations of Cloud Control: one way to make, read, change, delete and list resources of every type.

https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/Welcome.html
"""

import hashlib
from collections.abc import Collection
from typing import Any

import orjson

from trunkline.aws import paging, schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import ResourceType
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.engines.workflows import Workflows
from trunkline.services.cloudcontrol import finding, patching, store
from trunkline.services.cloudcontrol.described import description, progress
from trunkline.services.cloudcontrol.finding import Found
from trunkline.services.cloudcontrol.model import Request, Status
from trunkline.services.cloudcontrol.workflow import NAME, Runner

_PAGE = 100
# They are nothing without the stack they stand in.
_OF_STACKS = frozenset(
    f"AWS::CloudFormation::{name}" for name in ("CustomResource", "Stack", "WaitCondition", "WaitConditionHandle")
)
_NO_PAGE = "InvalidRequestException"


class Api:
    """Every operation."""

    def __init__(self, kit: Kit, workflows: Workflows, runner: Runner) -> None:
        self._kit = kit
        self._workflows = workflows
        self._runner = runner

    @operation(action="cloudformation:CreateResource")
    async def create_resource(self, call: Call, req: Doc) -> Doc:
        kind = self._type(req, "CREATE")
        wanted = schemas.typed(kind.name, _object(req["DesiredState"]))
        self._check(kind, wanted, wanted.keys())
        return await self._start(call, req, "CREATE", new=wanted, identifier=_told(kind, wanted))

    @operation(action="cloudformation:GetResource", mutates=False)
    async def get_resource(self, call: Call, req: Doc) -> Doc:
        kind = self._type(req, "READ")
        found = await self._found(call, req, kind)
        return {"TypeName": kind.name, "ResourceDescription": description(found)}

    @operation(action="cloudformation:UpdateResource")
    async def update_resource(self, call: Call, req: Doc) -> Doc:
        kind = self._type(req, "UPDATE")
        found = await self._found(call, req, kind)
        known = _as_asked(kind, self._kept(call, kind, found.physical_id), found.properties)
        old = self._settable(kind, known)
        try:
            new = patching.applied(known, patching.parsed(req["PatchDocument"]))
        except patching.PatchError as error:
            raise AwsError("ValidationException", f"Invalid patch document: {error}", status=400) from error
        self._check_fixed(kind, known, new)
        new = schemas.typed(kind.name, self._settable(kind, new))
        self._check(kind, new, {key for key, value in new.items() if known.get(key) != value})
        if kind.replaces(old, new):
            raise AwsError("NotUpdatableException", f"{kind.name} cannot be changed so without a replacement.")
        return await self._start(
            call, req, "UPDATE", old=old, new=new, identifier=found.identifier, physical_id=found.physical_id
        )

    @operation(action="cloudformation:DeleteResource")
    async def delete_resource(self, call: Call, req: Doc) -> Doc:
        kind = self._type(req, "DELETE")
        if (repeated := self._repeated(call, req, "DELETE")) is not None:
            return repeated
        found = await self._found(call, req, kind)
        kept = {**found.properties, **self._kept(call, kind, found.physical_id)}
        return await self._start(
            call, req, "DELETE", old=kept, identifier=found.identifier, physical_id=found.physical_id
        )

    @operation(action="cloudformation:ListResources", mutates=False)
    async def list_resources(self, call: Call, req: Doc) -> Doc:
        kind = self._type(req, "LIST")
        model = _object(req.get("ResourceModel", "{}"))
        on = await self._runner.provision(call.caller, req.get("RoleArn", ""), kept=model)
        limit, token = req.get("MaxResults", _PAGE), req.get("NextToken")
        known = await finding.existing(kind, on)
        chosen, following = paging.page(known, limit, token, key=str, error=_NO_PAGE)
        found = [one for one in await finding.described(kind, on, chosen) if model.items() <= one.properties.items()]
        return {
            "TypeName": kind.name,
            "ResourceDescriptions": [description(one) for one in found],
            "NextToken": following,
        }

    @operation(action="cloudformation:GetResourceRequestStatus", mutates=False)
    async def get_resource_request_status(self, call: Call, req: Doc) -> Doc:
        return {"ProgressEvent": progress(self._request(call, req["RequestToken"]))}

    @operation(action="cloudformation:ListResourceRequests", mutates=False)
    async def list_resource_requests(self, call: Call, req: Doc) -> Doc:
        wanted = req.get("ResourceRequestStatusFilter", {})
        found = [
            one
            for one in store.requests.find(self._kit.db, prefix=(call.account, call.region))
            if one.operation in wanted.get("Operations", (one.operation,))
            and one.status in wanted.get("OperationStatuses", (one.status,))
        ]
        limit, token = req.get("MaxResults", 20), req.get("NextToken")
        chosen, following = paging.page(
            found,
            limit,
            token,
            key=lambda one: f"{one.requested.isoformat()} {one.token}",
            reverse=True,
            error=_NO_PAGE,
        )
        return {"ResourceRequestStatusSummaries": [progress(one) for one in chosen], "NextToken": following}

    @operation(action="cloudformation:CancelResourceRequest")
    async def cancel_resource_request(self, call: Call, req: Doc) -> Doc:
        key = (call.account, call.region, req["RequestToken"])
        self._request(call, req["RequestToken"])

        def mark(tx: Tx) -> Request:
            request = store.requests.get(tx, *key)
            assert request is not None
            if request.status.is_final:
                raise AwsError(
                    "ConcurrentModificationException",
                    f"The request is {request.status.value} and cannot be canceled any more.",
                )
            request.status = Status.CANCEL_IN_PROGRESS
            store.requests.put(tx, request)
            return request

        marked = await self._kit.db.write(mark)
        self._runner.cancel(marked.token)
        return {"ProgressEvent": progress(marked)}

    def _type(self, req: Doc, action: str) -> ResourceType:
        name = req["TypeName"]
        kind = None if name in _OF_STACKS else self._kit.resource_types.get(name)
        if kind is not None:
            return kind
        if schemas.load(name) is None:
            raise AwsError("TypeNotFoundException", f"The type '{name}' cannot be found.")
        why = "it belongs in a stack" if name in _OF_STACKS else "Trunkline has no such resources"
        message = f"Resource type {name} does not support {action} action: {why}."
        raise AwsError("UnsupportedActionException", message)

    def _request(self, call: Call, token: str) -> Request:
        found = store.requests.get(self._kit.db, call.account, call.region, token)
        if found is None:
            raise AwsError("RequestTokenNotFoundException", f"Request with token {token} was not found.")
        return found

    async def _found(self, call: Call, req: Doc, kind: ResourceType) -> Found:
        identifier = req["Identifier"]
        on = await self._runner.provision(call.caller, req.get("RoleArn", ""))
        kept = self._kept(call, kind, identifier)
        found = await finding.find(kind, on, identifier, kept)
        if found is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"Resource of type '{kind.name}' with identifier '{identifier}' was not found.",
            )
        return found

    def _kept(self, call: Call, kind: ResourceType, physical_id: str) -> Doc:
        """The properties last asked for: by the stack that owns it, else here."""
        for owner in self._kit.resource_types.owners(call.account, call.region, physical_id):
            if owner.type == kind.name:
                return owner.properties
        found = store.kept.get(self._kit.db, call.account, call.region, kind.name, physical_id)
        return found.properties if found else {}

    @staticmethod
    def _check(kind: ResourceType, wanted: Doc, asked: Collection[str]) -> None:
        """asked: the properties that this request is about; the others are as AWS has them."""
        problems = schemas.problems(kind.name, wanted)
        if problems:
            message = f"Model validation failed ({' '.join(problems)})"
            raise AwsError("ValidationException", message, status=400)
        refused = schemas.refusals(kind.name, {key: wanted[key] for key in wanted if key in asked}, kind)
        if refused:
            raise AwsError("InvalidRequestException", " ".join(refused))

    @staticmethod
    def _settable(kind: ResourceType, properties: Doc) -> Doc:
        """Without what only AWS can set."""
        schema = schemas.load(kind.name)
        fixed = {pointer[0] for pointer in schema.read_only if len(pointer) == 1} if schema else set()
        return {key: value for key, value in properties.items() if key not in fixed}

    @staticmethod
    def _check_fixed(kind: ResourceType, old: Doc, new: Doc) -> None:
        """A patch may change neither what only AWS sets nor what only a new resource can have."""
        schema = schemas.load(kind.name)
        if schema is None:
            return
        for change in schemas.difference(kind.name, old, new):
            if (change.property,) in schema.read_only:
                message = f"Invalid patch update: readOnlyProperties [/properties{change.path}] cannot be updated"
                raise AwsError("ValidationException", message, status=400)
            if change.requires_recreation == "Always":
                message = f"Invalid patch update: createOnlyProperties [/properties{change.path}] cannot be updated"
                raise AwsError("NotUpdatableException", message)

    def _repeated(self, call: Call, req: Doc, operation: str) -> Doc | None:
        """The answer given before to the same client token; an error when it stood for something else."""
        token = req.get("ClientToken")
        before = store.by_client_token(self._kit.db, call.account, call.region, token) if token else None
        if before is None:
            return None
        if before.digest != _digest(operation, req):
            message = f"Client token {token} has already been used in another resource request."
            raise AwsError("ClientTokenConflictException", message)
        return {"ProgressEvent": progress(before)}

    async def _start(self, call: Call, req: Doc, operation: str, **more: Any) -> Doc:
        if (repeated := self._repeated(call, req, operation)) is not None:
            return repeated
        request = Request(
            call.account,
            call.region,
            ids.uuid(),
            operation,
            req["TypeName"],
            call.caller,
            self._kit.clock.now(),
            role_arn=req.get("RoleArn", ""),
            client_token=req.get("ClientToken", ""),
            digest=_digest(operation, req),
            **more,
        )

        def write(tx: Tx) -> None:
            if (other := store.under_way(tx, request)) is not None:
                message = f"Another operation ({other.token}) is under way on {request.type} {request.identifier}."
                raise AwsError("ConcurrentOperationException", message)
            store.requests.insert(tx, request)
            key = {"account": request.account, "region": request.region, "token": request.token}
            self._workflows.start_in(tx, NAME, f"cloudcontrol-{request.token}", key)

        await self._kit.db.write(write)
        request.status = Status.IN_PROGRESS
        return {"ProgressEvent": progress(request)}


def _as_asked(kind: ResourceType, kept: Doc, found: Doc) -> Doc:
    """The properties as they are; in the form they were asked for, where that is what is there."""
    changed = {one.property for one in schemas.drift(kind.name, kept, found)}
    return {**found, **{key: value for key, value in kept.items() if key not in changed}}


def _digest(operation: str, req: Doc) -> str:
    return hashlib.sha256(orjson.dumps([operation, req], option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def _told(kind: ResourceType, wanted: Doc) -> str:
    """The identifier, where the properties asked for already tell it."""
    return finding.identifier_of(kind.name, "", wanted)


def _object(text: str) -> Doc:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise AwsError("InvalidRequestException", f"Invalid JSON: {error}") from error
    if not isinstance(found, dict):
        raise AwsError("InvalidRequestException", "The resource model must be a JSON object.")
    return found
