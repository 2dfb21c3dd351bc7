"""CloudFormation's view of Secrets Manager: secrets, with values made by rule, their policies and rotation.

Attachments to databases are not offered: there is no database here.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SecretsManager.html
"""

import json

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("ResourceNotFoundException",)


class Secret(ResourceType):
    name = "AWS::SecretsManager::Secret"
    honoured = frozenset({"Description", "GenerateSecretString", "KmsKeyId", "Name", "SecretString", "Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("Name") or on.name(64))
        given = {key: wanted[key] for key in ("Description", "KmsKeyId") if key in wanted}
        if on.resumed:
            there = await on.look("secretsmanager", "DescribeSecret", *_GONE, SecretId=name)
            if there is not None and on.owns(_tags(there)):
                return str(there["ARN"])
        answer = await on.call(
            "secretsmanager",
            "CreateSecret",
            Name=name,
            ClientRequestToken=on.token,
            SecretString=await _value(on, wanted),
            Tags=tags.pairs(on.tags(wanted.get("Tags"))),
            **given,
        )
        return str(answer["ARN"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("secretsmanager", "DescribeSecret", *_GONE, SecretId=physical_id)
        if found is None or found.get("DeletedDate"):
            return None
        read = {
            "Id": found["ARN"],
            "Name": found["Name"],
            "Description": found.get("Description"),
            "KmsKeyId": found.get("KmsKeyId"),
            "Tags": tags.pairs(tags.own(_tags(found))),
        }
        return {key: value for key, value in read.items() if value is not None}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        changed: Doc = {}
        for key, nothing in (("Description", ""), ("KmsKeyId", "alias/aws/secretsmanager")):
            if old.get(key) != new.get(key):
                changed[key] = new.get(key, nothing)
        if any(old.get(key) != new.get(key) for key in ("SecretString", "GenerateSecretString")):
            changed["SecretString"] = await _value(on, new)
            changed["ClientRequestToken"] = on.token
        try:
            if changed:
                await on.call("secretsmanager", "UpdateSecret", SecretId=physical_id, **changed)
        except AwsError as error:
            # The token made a version in an earlier run of this attempt, with another random value.
            if not (on.resumed and error.code == "ResourceExistsException"):
                raise
        there = await on.call("secretsmanager", "DescribeSecret", SecretId=physical_id)
        put, drop = on.tag_changes(_tags(there), new.get("Tags"))
        if put:
            await on.call("secretsmanager", "TagResource", SecretId=physical_id, Tags=tags.pairs(put))
        if drop:
            await on.call("secretsmanager", "UntagResource", SecretId=physical_id, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("secretsmanager", "DeleteSecret", *_GONE, SecretId=physical_id, ForceDeleteWithoutRecovery=True)

    async def existing(self, on: Provision) -> list[str]:
        return [one["ARN"] for one in await on.pages("secretsmanager", "ListSecrets", "SecretList")]

    def refusals(self, wanted: Doc) -> list[str]:
        if "SecretString" in wanted and "GenerateSecretString" in wanted:
            return ["You can't specify both SecretString and GenerateSecretString."]
        return []


class ResourcePolicy(ResourceType):
    name = "AWS::SecretsManager::ResourcePolicy"
    honoured = frozenset({"BlockPublicPolicy", "ResourcePolicy", "SecretId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "secretsmanager",
            "PutResourcePolicy",
            SecretId=wanted["SecretId"],
            ResourcePolicy=_text(wanted["ResourcePolicy"]),
            BlockPublicPolicy=wanted.get("BlockPublicPolicy"),
        )
        return str(answer["ARN"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("secretsmanager", "GetResourcePolicy", *_GONE, SecretId=physical_id)
        if found is None or not found.get("ResourcePolicy"):
            return None
        policy = json.loads(found["ResourcePolicy"])
        return {"Id": found["ARN"], "SecretId": found["ARN"], "ResourcePolicy": policy}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("secretsmanager", "DeleteResourcePolicy", *_GONE, SecretId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        secrets = [one["ARN"] for one in await on.pages("secretsmanager", "ListSecrets", "SecretList")]
        return [one for one in secrets if await self.read(on, one) is not None]


class RotationSchedule(ResourceType):
    """By a function of one's own; those that AWS hosts are refused."""

    name = "AWS::SecretsManager::RotationSchedule"
    honoured = frozenset({"RotationLambdaARN", "RotationRules", "SecretId"})
    recorded = frozenset({"RotateImmediatelyOnUpdate"})  # acts as the schedule is put, and cannot be read back

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "secretsmanager",
            "RotateSecret",
            SecretId=wanted["SecretId"],
            ClientRequestToken=on.token,
            RotationLambdaARN=wanted.get("RotationLambdaARN"),
            RotationRules=wanted.get("RotationRules"),
            RotateImmediately=wanted.get("RotateImmediatelyOnUpdate"),
        )
        return str(answer["ARN"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("secretsmanager", "DescribeSecret", *_GONE, SecretId=physical_id)
        if found is None or not found.get("RotationEnabled"):
            return None
        read = {key: found.get(key) for key in ("RotationLambdaARN", "RotationRules")}
        return {"Id": found["ARN"], "SecretId": found["ARN"], **{key: value for key, value in read.items() if value}}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("secretsmanager", "CancelRotateSecret", *_GONE, SecretId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("secretsmanager", "ListSecrets", "SecretList")
        return [one["ARN"] for one in found if one.get("RotationEnabled")]


async def _value(on: Provision, wanted: Doc) -> str | None:
    """The secret's string: as given, or made; a made one may be put into a JSON document under a key."""
    if "SecretString" in wanted:
        return str(wanted["SecretString"])
    rule = wanted.get("GenerateSecretString")
    if rule is None:
        return None
    shape = {key: value for key, value in rule.items() if key not in ("SecretStringTemplate", "GenerateStringKey")}
    password = str((await on.call("secretsmanager", "GetRandomPassword", **shape))["RandomPassword"])
    if ("SecretStringTemplate" in rule) != ("GenerateStringKey" in rule):
        raise AwsError(
            "InvalidRequest",
            "SecretStringTemplate and GenerateStringKey must be specified together or not be specified at all.",
            status=400,
        )
    if "SecretStringTemplate" not in rule:
        return password
    try:
        document = json.loads(rule["SecretStringTemplate"])
        document[rule["GenerateStringKey"]] = password
    except (ValueError, TypeError):
        raise AwsError("InvalidRequest", "Could not parse SecretStringTemplate JSON.", status=400) from None
    return json.dumps(document, separators=(",", ":"))


def _tags(described: Doc) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", ())}


def _text(policy: object) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


TYPES: tuple[ResourceType, ...] = (Secret(), ResourcePolicy(), RotationSchedule())
