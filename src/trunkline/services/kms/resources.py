"""CloudFormation's view of KMS: keys and aliases. A key that waits for its deletion is gone for a stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KMS.html
"""

import json

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("NotFoundException",)
_PENDING = ("KMSInvalidStateException",)


class Key(ResourceType):
    name = "AWS::KMS::Key"
    honoured = frozenset(
        {
            "BypassPolicyLockoutSafetyCheck",
            "Description",
            "EnableKeyRotation",
            "Enabled",
            "KeyPolicy",
            "KeySpec",
            "KeyUsage",
            "MultiRegion",
            "Origin",
            "PendingWindowInDays",
            "RotationPeriodInDays",
            "Tags",
        }
    )
    recorded = frozenset()

    async def create(self, on: Provision, wanted: Doc) -> str:
        key_id = await self._made_before(on) if on.resumed else None
        if key_id is None:
            given = {
                member: wanted[member]
                for member in ("Description", "KeySpec", "KeyUsage", "Origin")
                if member in wanted
            }
            answer = await on.call(
                "kms",
                "CreateKey",
                **given,
                Policy=_text(wanted["KeyPolicy"]) if "KeyPolicy" in wanted else None,
                MultiRegion=wanted.get("MultiRegion") or None,
                BypassPolicyLockoutSafetyCheck=wanted.get("BypassPolicyLockoutSafetyCheck"),
                Tags=tags.pairs(on.tags(wanted.get("Tags")), key="TagKey", value="TagValue"),
            )
            key_id = str(answer["KeyMetadata"]["KeyId"])
        await _rotate(on, key_id, {}, wanted)
        if wanted.get("Enabled") is False:
            await on.call("kms", "DisableKey", KeyId=key_id)
        return key_id

    async def _made_before(self, on: Provision) -> str | None:
        for one in await on.pages("kms", "ListKeys", "Keys"):
            key = (await on.call("kms", "DescribeKey", KeyId=one["KeyId"]))["KeyMetadata"]
            alive = key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"
            if alive and on.owns(await _tags(on, one["KeyId"])):
                return str(one["KeyId"])
        return None

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("kms", "DescribeKey", *_GONE, KeyId=physical_id)
        if found is None or found["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        key = found["KeyMetadata"]
        policy = (await on.call("kms", "GetKeyPolicy", KeyId=physical_id))["Policy"]
        read = {
            "Arn": key["Arn"],
            "KeyId": key["KeyId"],
            "Description": key["Description"],
            "Enabled": key["Enabled"],
            "KeyPolicy": json.loads(policy),
            "KeySpec": key["KeySpec"],
            "KeyUsage": key["KeyUsage"],
            "MultiRegion": key["MultiRegion"],
            "Origin": key["Origin"],
            "EnableKeyRotation": False,
            "Tags": tags.pairs(tags.own(await _tags(on, physical_id))),
        }
        if key["KeySpec"] == "SYMMETRIC_DEFAULT":
            rotation = await on.call("kms", "GetKeyRotationStatus", KeyId=physical_id)
            read["EnableKeyRotation"] = rotation["KeyRotationEnabled"]
            if rotation.get("RotationPeriodInDays"):
                read["RotationPeriodInDays"] = rotation["RotationPeriodInDays"]
        return read

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if not old.get("Enabled", True) and new.get("Enabled", True):
            await on.call("kms", "EnableKey", KeyId=physical_id)
        if old.get("Description") != new.get("Description"):
            await on.call("kms", "UpdateKeyDescription", KeyId=physical_id, Description=new.get("Description", ""))
        if old.get("KeyPolicy") != new.get("KeyPolicy"):
            policy = new.get("KeyPolicy") or _default_policy(on.account)
            bypass = new.get("BypassPolicyLockoutSafetyCheck")
            await on.call(
                "kms",
                "PutKeyPolicy",
                KeyId=physical_id,
                PolicyName="default",
                Policy=_text(policy),
                BypassPolicyLockoutSafetyCheck=bypass,
            )
        await _rotate(on, physical_id, old, new)
        if old.get("Enabled", True) and not new.get("Enabled", True):
            await on.call("kms", "DisableKey", KeyId=physical_id)
        put, drop = on.tag_changes(await _tags(on, physical_id), new.get("Tags"))
        if put:
            given = tags.pairs(put, key="TagKey", value="TagValue")
            await on.call("kms", "TagResource", KeyId=physical_id, Tags=given)
        if drop:
            await on.call("kms", "UntagResource", KeyId=physical_id, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        days = on.kept.get("PendingWindowInDays", 30)
        await on.look("kms", "ScheduleKeyDeletion", *_GONE, *_PENDING, KeyId=physical_id, PendingWindowInDays=days)

    async def existing(self, on: Provision) -> list[str]:
        found = [one["KeyId"] for one in await on.pages("kms", "ListKeys", "Keys")]
        described = [(await on.call("kms", "DescribeKey", KeyId=one))["KeyMetadata"] for one in found]
        return [
            key["KeyId"]
            for key in described
            if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"
        ]

    def replaces(self, old: Doc, new: Doc) -> bool:
        kinds = {
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "Origin": "AWS_KMS",
            "MultiRegion": False,
        }
        return any(old.get(kind, usual) != new.get(kind, usual) for kind, usual in kinds.items())

    def refusals(self, wanted: Doc) -> list[str]:
        if wanted.get("Origin", "AWS_KMS") == "EXTERNAL":
            return ["Trunkline makes its key material itself: Origin can only be AWS_KMS."]
        return []


class Alias(ResourceType):
    name = "AWS::KMS::Alias"
    honoured = frozenset({"AliasName", "TargetKeyId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        alias, key = wanted["AliasName"], wanted["TargetKeyId"]
        try:
            await on.call("kms", "CreateAlias", AliasName=alias, TargetKeyId=key)
        except AwsError as error:
            there = await self.read(on, alias)
            same = there is not None and there["TargetKeyId"] == key.rpartition("/")[2]
            if not (on.resumed and error.code == "AlreadyExistsException" and same):
                raise
        return str(alias)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for one in await on.pages("kms", "ListAliases", "Aliases"):
            if one["AliasName"] == physical_id and one.get("TargetKeyId"):
                target = one["TargetKeyId"]
                given = str(on.kept.get("TargetKeyId", ""))
                # A template may name the key by its ARN: it is told in the form that was given.
                return {"AliasName": physical_id, "TargetKeyId": given if given.endswith(f"/{target}") else target}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call("kms", "UpdateAlias", AliasName=physical_id, TargetKeyId=new["TargetKeyId"])

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("kms", "DeleteAlias", *_GONE, AliasName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("kms", "ListAliases", "Aliases")
        return [one["AliasName"] for one in found if not one["AliasName"].startswith("alias/aws/")]


async def _rotate(on: Provision, key_id: str, old: Doc, new: Doc) -> None:
    wanted, period = new.get("EnableKeyRotation", False), new.get("RotationPeriodInDays")
    if wanted and (not old.get("EnableKeyRotation") or period != old.get("RotationPeriodInDays")):
        await on.call("kms", "EnableKeyRotation", KeyId=key_id, RotationPeriodInDays=period or 365)
    if not wanted and old.get("EnableKeyRotation"):
        await on.call("kms", "DisableKeyRotation", KeyId=key_id)


async def _tags(on: Provision, key_id: str) -> dict[str, str]:
    found = await on.pages("kms", "ListResourceTags", "Tags", KeyId=key_id)
    return {tag["TagKey"]: tag["TagValue"] for tag in found}


def _text(policy: object) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def _default_policy(account: str) -> Doc:
    """What a key gets whose template gives none: the account decides by its IAM policies."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": root, "Action": "kms:*"}
    return {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{**statement, "Resource": "*"}]}


TYPES: tuple[ResourceType, ...] = (Key(), Alias())
