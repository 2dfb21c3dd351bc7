"""What policies are asked about in IAM: the ARN of a thing, which holds its path and is known to the tables only."""

from typing import Any

from trunkline.aws.identity import Access
from trunkline.aws.service import Call, Doc
from trunkline.core.db import Reader, Table
from trunkline.services.iam import store

# member -> (kind in the ARN, its table); the first one that a request has is what it is about
_KINDS: dict[str, tuple[str, Table[Any]]] = {
    "GroupName": ("group", store.GROUPS),
    "InstanceProfileName": ("instance-profile", store.PROFILES),
    "UserName": ("user", store.USERS),
    "RoleName": ("role", store.ROLES),
}


def access(reader: Reader, call: Call, req: Doc) -> Access:
    """The resource and the condition keys of a request."""
    context: dict[str, str] = {}
    if "PolicyArn" in req:
        context["iam:PolicyARN"] = req["PolicyArn"]
    if "PermissionsBoundary" in req:
        context["iam:PermissionsBoundary"] = req["PermissionsBoundary"]
    if "AWSServiceName" in req:
        context["iam:AWSServiceName"] = req["AWSServiceName"]
    for member, (kind, table) in _KINDS.items():
        if member not in req:
            continue
        name = req[member]
        item = table.get(reader, call.account, name.lower())
        if item is None:
            return Access(context, resources=(f"arn:aws:iam::{call.account}:{kind}{req.get('Path', '/')}{name}",))
        tags: dict[str, str] = getattr(item, "tags", {})
        context |= {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
        context |= {f"iam:ResourceTag/{key}": value for key, value in tags.items()}
        boundary = getattr(item, "boundary", "")
        if boundary and "iam:PermissionsBoundary" not in context:
            context["iam:PermissionsBoundary"] = boundary
        return Access(context, resources=(item.arn,))
    if "PolicyName" in req and "PolicyDocument" in req:  # CreatePolicy
        path_name = f"{req.get('Path', '/')}{req['PolicyName']}"
        return Access(context, resources=(f"arn:aws:iam::{call.account}:policy{path_name}",))
    if call.caller.principal.kind == "user" and call.operation in _OF_ONESELF:
        return Access(context, resources=(call.caller.principal.arn,))
    return Access(context)


_OF_ONESELF = frozenset(
    ["GetUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey", "ListMFADevices"]
    + [f"{verb}ServiceSpecificCredential" for verb in ("Update", "Reset", "Delete")]
    + ["ListServiceSpecificCredentials", "ListSSHPublicKeys", "ListSigningCertificates"]
)
