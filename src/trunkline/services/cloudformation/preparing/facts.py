"""What a template's rules ask of the account: attributes of the VPCs, subnets and security groups that parameters name.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
"""

from collections.abc import Mapping
from typing import Any

from trunkline.aws.call import Client
from trunkline.aws.service import Caller
from trunkline.services.cloudformation import template

Doc = dict[str, Any]
_TAG = "Tags."
_DESCRIBED = {
    "AWS::EC2::VPC::Id": ("DescribeVpcs", "Vpcs", "VpcId"),
    "AWS::EC2::Subnet::Id": ("DescribeSubnets", "Subnets", "SubnetId"),
    "AWS::EC2::SecurityGroup::Id": ("DescribeSecurityGroups", "SecurityGroups", "GroupId"),
}


async def facts(
    client: Client, caller: Caller, wanted: "template.Template", values: Mapping[str, Any]
) -> "template.Facts":
    """Everything `template.rules` will ask for; nothing is looked up when no rule asks."""
    looking = _Looking(client, caller)
    return {fact: await looking.answer(fact, wanted, values) for fact in template.facts_asked(wanted)}


class _Looking:
    def __init__(self, client: Client, caller: Caller) -> None:
        self._client = client
        self._caller = caller
        self._seen: dict[str, dict[str, Doc]] = {}

    async def answer(self, fact: "template.Fact", wanted: "template.Template", values: Mapping[str, Any]) -> Any:
        if fact.function == "Fn::RefAll":
            return list(await self._all(fact.subject))
        if fact.function == "Fn::ValueOf":
            parameter = wanted.parameters.get(fact.subject)
            if parameter is None:
                raise template.TemplateError(f"Template error: Fn::ValueOf names no parameter: {fact.subject}")
            return await self._of_parameter(parameter.type, values[fact.subject], fact.attribute)
        found: list[Any] = []
        for parameter in wanted.parameters.values():
            if _item(parameter.type) == fact.subject:
                value = await self._of_parameter(parameter.type, values[parameter.name], fact.attribute)
                found += value if isinstance(value, list) else [value]
        return found

    async def _of_parameter(self, type: str, value: Any, attribute: str) -> Any:
        if isinstance(value, list):
            return [await self._one(_item(type), one, attribute) for one in value]
        return await self._one(_item(type), value, attribute)

    async def _one(self, type: str, resource: str, attribute: str) -> Any:
        described = (await self._all(type)).get(resource, {})
        if attribute.startswith(_TAG):
            tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", ())}
            return tags.get(attribute.removeprefix(_TAG), "")
        if type == "AWS::EC2::VPC::Id" and attribute in {"DefaultSecurityGroup", "DefaultNetworkAcl"}:
            return await self._default(resource, attribute)
        return described.get(attribute, "")

    async def _all(self, type: str) -> dict[str, Doc]:
        """Every resource of a type in the account and region, by id."""
        if type not in _DESCRIBED:
            raise template.TemplateError(f"Template error: rules cannot ask for attributes of {type}")
        if type not in self._seen:
            operation, result, key = _DESCRIBED[type]
            found = await self._client.pages("ec2", operation, result, {}, as_=self._caller)
            self._seen[type] = {item[key]: item for item in found}
        return self._seen[type]

    async def _default(self, vpc: str, attribute: str) -> str:
        group = attribute == "DefaultSecurityGroup"
        operation, result, key = (
            _DESCRIBED["AWS::EC2::SecurityGroup::Id"]
            if group
            else ("DescribeNetworkAcls", "NetworkAcls", "NetworkAclId")
        )
        chosen = {"Name": "group-name", "Values": ["default"]} if group else {"Name": "default", "Values": ["true"]}
        filters = [{"Name": "vpc-id", "Values": [vpc]}, chosen]
        found = await self._client.pages("ec2", operation, result, {"Filters": filters}, as_=self._caller)
        return str(found[0][key]) if found else ""


def _item(type: str) -> str:
    return type.removeprefix("List<").removesuffix(">")
