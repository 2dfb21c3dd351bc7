"""Who else may put events on a bus: its resource policy, whole or statement by statement."""

import json

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.services.events import store
from trunkline.services.events.api.naming import bus_resource, invalid, known_bus
from trunkline.services.events.model import BusPolicy, bus_arn

_MAX_CHARS = 10_240


class PermissionApi:
    """PutPermission and RemovePermission."""

    kit: Kit

    @operation(bus_resource)
    async def put_permission(self, call: Call, req: Doc) -> Doc:
        if "Policy" in req and any(member in req for member in ("StatementId", "Action", "Principal", "Condition")):
            raise invalid("Policy and StatementId, Action, Principal or Condition are mutually exclusive.")
        if "Policy" not in req and any(member not in req for member in ("StatementId", "Action", "Principal")):
            raise invalid("Parameters StatementId, Action and Principal must be specified when Policy is not.")

        def put(tx: Tx) -> None:
            bus = known_bus(tx, call, req.get("EventBusName"))
            if "Policy" in req:
                text = req["Policy"]
            else:
                statements = [one for one in _statements(tx, call, bus) if one.get("Sid") != req["StatementId"]]
                statements.append(_statement(call, bus, req))
                text = json.dumps({"Version": "2012-10-17", "Statement": statements})
            store.POLICIES.put(tx, BusPolicy(call.account, call.region, bus, _checked(text)))

        await self.kit.db.write(put)
        return {}

    @operation(bus_resource)
    async def remove_permission(self, call: Call, req: Doc) -> Doc:
        every, sid = req.get("RemoveAllPermissions", False), req.get("StatementId")
        if not every and not sid:
            raise invalid("Parameter StatementId must be specified unless all permissions are removed.")

        def remove(tx: Tx) -> None:
            bus = known_bus(tx, call, req.get("EventBusName"))
            statements = _statements(tx, call, bus)
            kept = [] if every else [one for one in statements if one.get("Sid") != sid]
            if not every and len(kept) == len(statements):
                raise AwsError("ResourceNotFoundException", f"Statement with StatementId {sid} does not exist.")
            if kept:
                text = json.dumps({"Version": "2012-10-17", "Statement": kept})
                store.POLICIES.put(tx, BusPolicy(call.account, call.region, bus, text))
            else:
                store.POLICIES.delete(tx, call.account, call.region, bus)

        await self.kit.db.write(remove)
        return {}


def _statements(tx: Tx, call: Call, bus: str) -> list[Doc]:
    found = store.POLICIES.get(tx, call.account, call.region, bus)
    statements = json.loads(found.text)["Statement"] if found else []
    return statements if isinstance(statements, list) else [statements]


def _statement(call: Call, bus: str, req: Doc) -> Doc:
    principal = req["Principal"]
    statement: Doc = {
        "Sid": req["StatementId"],
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": req["Action"],
        "Resource": bus_arn(call.account, call.region, bus),
    }
    condition = req.get("Condition")
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _checked(text: str) -> str:
    if len(text) > _MAX_CHARS:
        raise AwsError("PolicyLengthExceededException", "The length of the policy exceeds the limit.")
    try:
        parse(text, "resource")
    except PolicyError as error:
        raise invalid(f"Policy is not valid. Reason: {error}") from None
    return text
