"""What a template's functions look at while they are evaluated for one stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision
from trunkline.aws.service import Caller, Kit
from trunkline.core.db import Tx
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.model import Import, Stack
from trunkline.services.cloudformation.preparing.properties import is_custom

Doc = dict[str, Any]


@dataclass(slots=True)
class Known:
    """A resource as Ref and GetAtt see it. `unknown` says why it cannot be told yet."""

    physical_id: str
    attributes: Doc = field(default_factory=dict)
    properties: Doc = field(default_factory=dict)
    unknown: str = ""


@dataclass(slots=True)
class StackScope:
    """`template.Scope` over a stack. imports_for: the stack whose use of exports is written down; None looks only."""

    kit: Kit
    caller: Caller
    stack_id: str
    stack_name: str
    notification_arns: tuple[str, ...]
    template: "template.Template"
    values: Mapping[str, Any]
    conditions: Mapping[str, bool]
    known: Mapping[str, Known] = field(default_factory=dict)
    imports_for: Stack | None = None
    used_imports: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)

    def parameter(self, name: str) -> Any:
        return self.values[name]

    def pseudo(self, name: str) -> Any:
        match name.removeprefix("AWS::"):
            case "AccountId":
                return self.caller.account
            case "Region":
                return self.caller.region
            case "StackId":
                return self.stack_id
            case "StackName":
                return self.stack_name
            case "NotificationARNs":
                return list(self.notification_arns)
            case "Partition":
                return "aws"
            case "URLSuffix":
                return "amazonaws.com"
        raise KeyError(name)

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        return self.template.mappings.get(name)

    def condition(self, name: str) -> bool:
        return self.conditions[name]

    async def ref(self, logical_id: str) -> Any:
        known = self._known(logical_id)
        return known.physical_id

    async def attribute(self, logical_id: str, name: str) -> Any:
        known = self._known(logical_id)
        type = self.template.resources[logical_id].type
        handler = self.kit.resource_types.get(type)
        attributes = known.attributes
        if handler is not None and name in handler.live:
            on = Provision(self.kit.call, self.caller, "", kept=known.properties)
            attributes = await handler.read(on, known.physical_id) or attributes
        found = attribute_of(attributes, name)
        if found is None and is_custom(type):
            raise template.TemplateError(
                f"CustomResource attribute error: Vendor response doesn't contain {name} attribute in object "
                f"{self.stack_id}|{logical_id}"
            )
        if found is None:
            raise template.TemplateError(f"Requested attribute {name} does not exist in schema for {type}")
        return found

    def _known(self, logical_id: str) -> Known:
        known = self.known.get(logical_id)
        if known is None:
            raise template.TemplateError(f"Unresolved resource dependencies [{logical_id}] in the Resources block")
        if known.unknown:
            raise template.Unknown(known.unknown)
        return known

    async def import_value(self, name: str) -> Any:
        found = store.exports.get(self.kit.db, self.caller.account, self.caller.region, name)
        if found is None:
            raise template.TemplateError(f"No export named {name} found.")
        stack = self.imports_for
        self.used_imports.add(name)
        if stack is not None and not store.imports.get(self.kit.db, stack.account, stack.region, name, stack.id):
            used = Import(stack.account, stack.region, name, stack.id, stack.name)

            def write(tx: Tx) -> None:
                if store.exports.get(tx, stack.account, stack.region, name) is None:
                    raise template.TemplateError(f"No export named {name} found.")
                store.imports.put(tx, used)

            await self.kit.db.write(write)
        return found.value

    async def stack_output(self, stack: str, output: str, options: Mapping[str, str]) -> Any:
        caller = self.caller
        if options.get("Region"):
            caller = Caller(caller.account, options["Region"], caller.principal, caller.source_ip, caller.user_agent)
        if options.get("RoleArn"):
            caller = await self.kit.call.assume(
                options["RoleArn"], service="cloudformation.amazonaws.com", region=caller.region
            )
        try:
            answer = await self.kit.call("cloudformation", "DescribeStacks", {"StackName": stack}, as_=caller)
        except AwsError as error:
            raise template.TemplateError(f"Fn::GetStackOutput: {error.message or error.code}") from error
        for one in answer["Stacks"][0].get("Outputs") or ():
            if one["OutputKey"] == output:
                return one["OutputValue"]
        raise template.TemplateError(f"Fn::GetStackOutput: stack {stack} has no output {output}.")

    async def azs(self, region: str) -> list[str]:
        caller = self.caller
        if region and region != caller.region:
            caller = Caller(caller.account, region, caller.principal, caller.source_ip, caller.user_agent)
        try:
            answer = await self.kit.call("ec2", "DescribeAvailabilityZones", {}, as_=caller)
        except AwsError as error:
            raise template.TemplateError(f"Template error: Fn::GetAZs: {error.message or error.code}") from error
        return sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"])

    async def dynamic(self, kind: str, key: str) -> Any:
        from trunkline.services.cloudformation.preparing.lookups import dynamic

        found = await dynamic(self.kit.call, self.caller, kind, key)
        if kind != "ssm":
            self.secrets.add(found)
        return found


def attribute_of(attributes: Mapping[str, Any], name: str) -> Any:
    """An attribute by its name, which may lead into objects: `Endpoint.Address`."""
    if name in attributes:
        return attributes[name]
    found: Any = attributes
    for piece in name.split("."):
        if not isinstance(found, Mapping) or piece not in found:
            return None
        found = found[piece]
    return found
