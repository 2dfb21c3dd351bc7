"""AWS::Lambda::Permission: one statement of a function's resource policy."""

import json

from trunkline.aws.handlers import given
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.lambda_.resources.function import GONE

_PLAIN = (
    "Action", "EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "Principal", "PrincipalOrgID",
    "SourceAccount", "SourceArn",
)  # fmt: skip
_CONDITIONS = {
    "AWS:SourceAccount": "SourceAccount",
    "AWS:SourceArn": "SourceArn",
    "lambda:EventSourceToken": "EventSourceToken",
    "aws:PrincipalOrgID": "PrincipalOrgID",
    "lambda:FunctionUrlAuthType": "FunctionUrlAuthType",
    "lambda:InvokedViaFunctionUrl": "InvokedViaFunctionUrl",
}


class Permission(ResourceType):
    """Ref is the statement's id; which function it belongs to is in the kept properties, else it is looked for."""

    name = "AWS::Lambda::Permission"
    honoured = frozenset({*_PLAIN, "FunctionName"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        sid = on.name(100)
        if on.resumed and await _statement(on, wanted["FunctionName"], sid) is not None:
            return sid
        params = {key: wanted.get(key) for key in _PLAIN}
        await on.call("lambda", "AddPermission", FunctionName=wanted["FunctionName"], StatementId=sid, **params)
        return sid

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        function, sid = await _place(on, physical_id)
        found = await _statement(on, function, sid) if function else None
        if found is None:
            return None
        principal = found["Principal"]
        if isinstance(principal, dict):
            principal = principal.get("Service") or principal.get("AWS", "")
            wanted = on.kept.get("Principal", "")
            if principal == f"arn:aws:iam::{wanted}:root" or (not wanted and principal.endswith(":root")):
                principal = principal.split(":")[4]
        read: Doc = {"Id": sid, "FunctionName": function, "Action": found["Action"], "Principal": principal}
        for test in found.get("Condition", {}).values():
            for key, value in test.items():
                if name := _CONDITIONS.get(key):
                    read[name] = value == "true" if name == "InvokedViaFunctionUrl" else value
        return given(**read)

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Every property needs a replacement."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        function, sid = await _place(on, physical_id)
        if function:
            await on.look("lambda", "RemovePermission", GONE, FunctionName=function, StatementId=sid)

    async def existing(self, on: Provision) -> list[str]:
        return [sid for _, sid in await _all(on)]


async def _all(on: Provision) -> list[tuple[str, str]]:
    """Every statement of every function's unqualified policy: function and id."""
    found = []
    for one in await on.pages("lambda", "ListFunctions", "Functions"):
        policy = await on.look("lambda", "GetPolicy", GONE, FunctionName=one["FunctionName"])
        if policy is not None:
            statements = json.loads(policy["Policy"])["Statement"]
            found += [(one["FunctionName"], statement["Sid"]) for statement in statements]
    return found


async def _place(on: Provision, physical_id: str) -> tuple[str, str]:
    """Function and statement; Cloud Control names both, "function|statement"."""
    if "|" in physical_id:
        function, _, sid = physical_id.partition("|")
        return function, sid
    if kept := on.kept.get("FunctionName"):
        return str(kept), physical_id
    return next((one for one in await _all(on) if one[1] == physical_id), ("", physical_id))


async def _statement(on: Provision, function: str, sid: str) -> Doc | None:
    found = await on.look("lambda", "GetPolicy", GONE, FunctionName=function)
    if found is None:
        return None
    statements: list[Doc] = json.loads(found["Policy"])["Statement"]
    return next((statement for statement in statements if statement["Sid"] == sid), None)
