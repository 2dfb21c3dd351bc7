"""CloudFormation's view of policies, transformers and destinations.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Logs.html
"""

from __future__ import annotations

import json

from trunkline.aws import casing
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("ResourceNotFoundException",)


class AccountPolicy(ResourceType):
    name = "AWS::Logs::AccountPolicy"
    honoured = frozenset({"PolicyDocument", "PolicyName", "PolicyType", "Scope", "SelectionCriteria"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        physical_id = "|".join((on.account, wanted["PolicyType"], wanted["PolicyName"]))
        if not on.resumed and await self.read(on, physical_id) is not None:
            raise AwsError("AlreadyExistsException", f"Account policy {physical_id} already exists", status=400)
        await self.update(on, physical_id, {}, wanted)
        return physical_id

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        account, kind, name = physical_id.split("|")
        found = await on.call("logs", "DescribeAccountPolicies", policyType=kind, policyName=name)
        for one in found["accountPolicies"]:
            read = {
                "AccountId": account,
                "PolicyType": kind,
                "PolicyName": name,
                "PolicyDocument": _same_text(on.kept.get("PolicyDocument"), one["policyDocument"]),
                "Scope": one["scope"],
                "SelectionCriteria": one.get("selectionCriteria"),
            }
            return {key: value for key, value in read.items() if value is not None}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        _, kind, name = physical_id.split("|")
        await on.call(
            "logs",
            "PutAccountPolicy",
            policyType=kind,
            policyName=name,
            policyDocument=new["PolicyDocument"],
            scope=new.get("Scope"),
            selectionCriteria=new.get("SelectionCriteria"),
        )

    async def delete(self, on: Provision, physical_id: str) -> None:
        _, kind, name = physical_id.split("|")
        await on.look("logs", "DeleteAccountPolicy", *_GONE, policyType=kind, policyName=name)

    async def existing(self, on: Provision) -> list[str]:
        kinds = ("DATA_PROTECTION_POLICY", "SUBSCRIPTION_FILTER_POLICY", "TRANSFORMER_POLICY", "FIELD_INDEX_POLICY")
        return [
            f"{on.account}|{kind}|{one['policyName']}"
            for kind in kinds
            for one in (await on.call("logs", "DescribeAccountPolicies", policyType=kind))["accountPolicies"]
        ]


class Transformer(ResourceType):
    name = "AWS::Logs::Transformer"
    honoured = frozenset({"LogGroupIdentifier", "TransformerConfig"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        group = str(wanted["LogGroupIdentifier"])
        if not on.resumed and await self.read(on, group) is not None:
            raise AwsError("AlreadyExistsException", f"The transformer of {group} already exists", status=400)
        await self.update(on, group, {}, wanted)
        return group

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("logs", "GetTransformer", *_GONE, logGroupIdentifier=physical_id)
        if not found or "transformerConfig" not in found:
            return None
        config = casing.to_properties("logs", "Processors", found["transformerConfig"])
        return {"LogGroupIdentifier": physical_id, "TransformerConfig": config}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        config = casing.into("logs", "Processors", new["TransformerConfig"])
        await on.call("logs", "PutTransformer", logGroupIdentifier=physical_id, transformerConfig=config)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("logs", "DeleteTransformer", *_GONE, logGroupIdentifier=physical_id)


class Destination(ResourceType):
    name = "AWS::Logs::Destination"
    honoured = frozenset({"DestinationName", "DestinationPolicy", "RoleArn", "TargetArn"})
    recorded = frozenset({"Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted["DestinationName"])
        if not on.resumed and await self.read(on, name) is not None:
            raise AwsError("AlreadyExistsException", f"Destination {name} already exists", status=400)
        await self.update(on, name, {}, wanted)
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.call("logs", "DescribeDestinations", DestinationNamePrefix=physical_id)
        for one in found["destinations"]:
            if one["destinationName"] == physical_id:
                read = {
                    "Arn": one["arn"],
                    "DestinationName": physical_id,
                    "TargetArn": one["targetArn"],
                    "RoleArn": one["roleArn"],
                    "DestinationPolicy": _same_text(on.kept.get("DestinationPolicy"), one.get("accessPolicy")),
                }
                return {key: value for key, value in read.items() if value is not None}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call(
            "logs",
            "PutDestination",
            destinationName=physical_id,
            targetArn=new["TargetArn"],
            roleArn=new["RoleArn"],
        )
        if "DestinationPolicy" in new:
            policy = new["DestinationPolicy"]
            await on.call("logs", "PutDestinationPolicy", destinationName=physical_id, accessPolicy=policy)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("logs", "DeleteDestination", *_GONE, destinationName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["destinationName"] for one in await on.pages("logs", "DescribeDestinations", "destinations")]


class ResourcePolicy(ResourceType):
    name = "AWS::Logs::ResourcePolicy"
    honoured = frozenset({"PolicyDocument", "PolicyName"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted["PolicyName"])
        if not on.resumed and await self.read(on, name) is not None:
            raise AwsError("AlreadyExistsException", f"Resource policy {name} already exists", status=400)
        await self.update(on, name, {}, wanted)
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for one in await _policies(on):
            if one["policyName"] == physical_id:
                found = _same_text(on.kept.get("PolicyDocument"), one["policyDocument"])
                return {"PolicyName": physical_id, "PolicyDocument": found}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        document = new["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        await on.call("logs", "PutResourcePolicy", policyName=physical_id, policyDocument=text)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("logs", "DeleteResourcePolicy", *_GONE, policyName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["policyName"] for one in await _policies(on)]


async def _policies(on: Provision) -> list[Doc]:
    return await on.pages("logs", "DescribeResourcePolicies", "resourcePolicies")


def _same_text(given: object, found: str | None) -> str | None:
    """A document is text to CloudFormation, but white space in it is no difference."""
    same = isinstance(given, str) and found is not None and json.loads(given) == json.loads(found)
    return str(given) if same else found


POLICY_TYPES: tuple[ResourceType, ...] = (
    AccountPolicy(),
    Transformer(),
    Destination(),
    ResourcePolicy(),
)
