"""How IAM shows what it keeps."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import quote

from trunkline.aws.paging import page
from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.iam.model import (
    AccessKey,
    Group,
    InstanceProfile,
    ManagedPolicy,
    PolicyVersion,
    Role,
    ServiceSpecificCredential,
    User,
)

T = TypeVar("T")


def encoded(document: str) -> str:
    """IAM answers documents percent-encoded; SDKs decode them."""
    return quote(document, safe="")


def listed(name: str, items: Iterable[T], req: Doc, *, key: Callable[[T], str], show: Callable[[T], object]) -> Doc:
    """One page of a list, IAM's way."""
    chosen, marker = page(
        items,
        req.get("MaxItems", 100),
        req.get("Marker"),
        key=key,
        error="ValidationError",
        message="Invalid Marker.",
    )
    return {name: [show(item) for item in chosen], "IsTruncated": marker is not None, "Marker": marker}


def below(path_prefix: str | None) -> Callable[[str], bool]:
    """A test for paths that start with a prefix."""
    wanted = path_prefix or "/"
    return lambda path: path.startswith(wanted)


def boundary(arn: str) -> Doc | None:
    """The PermissionsBoundary member."""
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


def user(item: User, *, brief: bool = False) -> Doc:
    """A user; lists leave tags and boundary out."""
    doc = {
        "Path": item.path,
        "UserName": item.name,
        "UserId": item.id,
        "Arn": item.arn,
        "CreateDate": item.created,
    }
    if not brief:
        doc |= {"PermissionsBoundary": boundary(item.boundary), "Tags": pairs(item.tags) if item.tags else None}
    return doc


def group(item: Group) -> Doc:
    """A group."""
    return {"Path": item.path, "GroupName": item.name, "GroupId": item.id, "Arn": item.arn, "CreateDate": item.created}


def role(item: Role, *, brief: bool = False) -> Doc:
    """A role; lists leave tags and boundary out."""
    doc = {
        "Path": item.path,
        "RoleName": item.name,
        "RoleId": item.id,
        "Arn": item.arn,
        "CreateDate": item.created,
        "AssumeRolePolicyDocument": encoded(item.trust),
        "Description": item.description or None,
        "MaxSessionDuration": item.max_session_s,
    }
    if not brief:
        doc |= {
            "PermissionsBoundary": boundary(item.boundary),
            "Tags": pairs(item.tags) if item.tags else None,
            "RoleLastUsed": {},
        }
    return doc


def policy(item: ManagedPolicy, attachments: int, boundaries: int, *, brief: bool = False) -> Doc:
    """A managed policy; lists leave description and tags out."""
    doc = {
        "PolicyName": item.name,
        "PolicyId": item.id,
        "Arn": item.arn,
        "Path": item.path,
        "DefaultVersionId": item.default,
        "AttachmentCount": attachments,
        "PermissionsBoundaryUsageCount": boundaries,
        "IsAttachable": True,
        "CreateDate": item.created,
        "UpdateDate": item.updated,
    }
    if not brief:
        doc |= {"Description": item.description or None, "Tags": pairs(item.tags)}
    return doc


def version(item: PolicyVersion, default: str, *, document: bool = False) -> Doc:
    """A version of a managed policy."""
    return {
        "VersionId": item.id,
        "IsDefaultVersion": item.id == default,
        "CreateDate": item.created,
        "Document": encoded(item.document) if document else None,
    }


def profile(item: InstanceProfile, roles: list[Role]) -> Doc:
    """An instance profile."""
    return {
        "Path": item.path,
        "InstanceProfileName": item.name,
        "InstanceProfileId": item.id,
        "Arn": item.arn,
        "CreateDate": item.created,
        "Roles": [role(found, brief=True) for found in roles],
        "Tags": pairs(item.tags) if item.tags else None,
    }


def access_key(item: AccessKey, user_name: str) -> Doc:
    """An access key without its secret."""
    return {
        "UserName": user_name,
        "AccessKeyId": item.access_key_id,
        "Status": "Active" if item.active else "Inactive",
        "CreateDate": item.created,
    }


def credential(item: ServiceSpecificCredential, user_name: str) -> Doc:
    """A service-specific credential without its password."""
    return {
        "UserName": user_name,
        "Status": "Active" if item.active else "Inactive",
        "ServiceUserName": item.user_name,
        "CreateDate": item.created,
        "ServiceSpecificCredentialId": item.id,
        "ServiceName": item.service,
    }
