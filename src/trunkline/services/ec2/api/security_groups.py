"""Security groups and their rules."""

import re

from trunkline.aws.arn import arn
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise, pairs
from trunkline.core.db import Tx
from trunkline.services.ec2 import described, rules, store
from trunkline.services.ec2.api.finding import Finding, chosen
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.model import Rule, SecurityGroup, Tag

_NAME = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")
_GROUP: Properties = {
    "group-id": member("GroupId"),
    "group-name": member("GroupName"),
    "vpc-id": member("VpcId"),
    "description": member("Description"),
    "owner-id": member("OwnerId"),
    "ip-permission.protocol": each("IpPermissions", "IpProtocol"),
    "ip-permission.from-port": each("IpPermissions", "FromPort"),
    "ip-permission.to-port": each("IpPermissions", "ToPort"),
}
_RULE: Properties = {"group-id": member("GroupId"), "security-group-rule-id": member("SecurityGroupRuleId")}


class SecurityGroups(Finding):
    """Everything about them."""

    @operation()
    async def describe_security_groups(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        tags = self.tags(call)
        found = store.GROUPS.find(self.kit.db, prefix=(call.account, call.region))
        items = [described.group(one, tags) for one in found]
        if req.get("GroupNames"):
            names = {item["GroupName"] for item in items}
            for name in req["GroupNames"]:
                if name not in names:
                    raise _no_group(name)
            items = [item for item in items if item["GroupName"] in req["GroupNames"]]
        missing = ("InvalidGroup.NotFound", "security group")
        return chosen(req, items, _GROUP, member="SecurityGroups", id_member="GroupId", missing=missing)

    @operation()
    async def describe_security_group_rules(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        tags = self.tags(call)
        found = store.GROUPS.find(self.kit.db, prefix=(call.account, call.region))
        items = [described.rule(one, rule, tags) for one in found for rule in one.rules]
        return chosen(
            req,
            items,
            _RULE,
            member="SecurityGroupRules",
            id_member="SecurityGroupRuleId",
            missing=("InvalidSecurityGroupRuleId.NotFound", "security group rule ID"),
        )

    @operation()
    async def create_security_group(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        name = req["GroupName"]
        if not _NAME.fullmatch(name) or name.startswith("sg-"):
            raise AwsError("InvalidParameterValue", f"Invalid security group name '{name}'.", status=400)
        if name == "default":
            raise AwsError("InvalidParameterValue", "Cannot use reserved security group name: default", status=400)
        if not _NAME.fullmatch(req["Description"]):
            raise AwsError("InvalidParameterValue", "Invalid security group description.", status=400)
        vpcs = store.VPCS.find(self.kit.db, prefix=(call.account, call.region))
        vpc = next((one for one in vpcs if one.id == req.get("VpcId", vpcs[0].id)), None)
        if vpc is None:
            raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{req['VpcId']}' does not exist", status=400)
        tags = _tags(req, "security-group")
        group = SecurityGroup(call.account, call.region, store.new_id("sg"), vpc.id, name, req["Description"])
        group.rules.append(store.everywhere())

        def write(tx: Tx) -> None:
            for other in store.GROUPS.find(tx, prefix=(call.account, call.region)):
                if other.name == name and other.vpc_id == group.vpc_id:
                    raise AwsError(
                        "InvalidGroup.Duplicate",
                        f"The security group '{name}' already exists for VPC '{group.vpc_id}'",
                        status=400,
                    )
            store.GROUPS.insert(tx, group)
            for key, value in tags.items():
                store.TAGS.put(tx, Tag(call.account, call.region, group.id, key, value))

        await self.kit.db.write(write)
        return {
            "GroupId": group.id,
            "SecurityGroupArn": arn("ec2", call.region, call.account, f"security-group/{group.id}"),
            "Tags": pairs(tags),
        }

    @operation()
    async def delete_security_group(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)

        def write(tx: Tx) -> str:
            group = _group(tx, call, req)
            if group.name == "default":
                raise AwsError(
                    "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
                    status=400,
                )  # fmt: skip
            for other in store.GROUPS.find(tx, prefix=(call.account, call.region)):
                if other.id != group.id and any(rule.peer == group.id for rule in other.rules):
                    raise AwsError("DependencyViolation", f"resource {group.id} has a dependent object", status=400)
            if any(group.id in one.group_ids for one in store.INTERFACES.find(tx, prefix=(call.account, call.region))):
                raise AwsError("DependencyViolation", f"resource {group.id} has a dependent object", status=400)
            store.GROUPS.delete(tx, call.account, call.region, group.id)
            for tag in store.TAGS.find(tx, prefix=(call.account, call.region, group.id)):
                store.TAGS.delete(tx, call.account, call.region, group.id, tag.name)
            return group.id

        return {"Return": True, "GroupId": await self.kit.db.write(write)}

    @operation()
    async def authorize_security_group_ingress(self, call: Call, req: Doc) -> Doc:
        return await self._authorize(call, req, egress=False)

    @operation()
    async def authorize_security_group_egress(self, call: Call, req: Doc) -> Doc:
        return await self._authorize(call, req, egress=True)

    @operation()
    async def revoke_security_group_ingress(self, call: Call, req: Doc) -> Doc:
        return await self._revoke(call, req, egress=False)

    @operation()
    async def revoke_security_group_egress(self, call: Call, req: Doc) -> Doc:
        return await self._revoke(call, req, egress=True)

    async def _authorize(self, call: Call, req: Doc, *, egress: bool) -> Doc:
        await self.open(call, req)
        wanted = rules.from_request(req, egress=egress)
        tags = _tags(req, "security-group-rule")

        def write(tx: Tx) -> list[Doc]:
            group = _group(tx, call, req)
            for rule in wanted:
                _resolve(tx, call, group, rule)
                if any(rule.same_as(other) for other in group.rules):
                    raise AwsError(
                        "InvalidPermission.Duplicate",
                        f'the specified rule "{rules.told(rule)}" already exists',
                        status=400,
                    )
                group.rules.append(rule)
                for key, value in tags.items():
                    store.TAGS.put(tx, Tag(call.account, call.region, rule.id, key, value))
            store.GROUPS.put(tx, group)
            return [described.rule(group, rule, {rule.id: tags}) for rule in wanted]

        return {"Return": True, "SecurityGroupRules": await self.kit.db.write(write)}

    async def _revoke(self, call: Call, req: Doc, *, egress: bool) -> Doc:
        await self.open(call, req)
        by_id = req.get("SecurityGroupRuleIds")
        wanted = [] if by_id else rules.from_request(req, egress=egress)

        def write(tx: Tx) -> None:
            group = _group(tx, call, req)
            for rule in wanted:
                _resolve(tx, call, group, rule)
            gone = [
                rule
                for rule in group.rules
                if rule.egress is egress
                and (rule.id in by_id if by_id else any(rule.same_as(other) for other in wanted))
            ]
            if len(gone) < len(by_id or wanted):
                raise AwsError(
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist in this security group.",
                    status=400,
                )
            group.rules = [rule for rule in group.rules if rule not in gone]
            store.GROUPS.put(tx, group)

        await self.kit.db.write(write)
        return {"Return": True}


def _group(tx: Tx, call: Call, req: Doc) -> SecurityGroup:
    if "GroupId" in req:
        group = store.GROUPS.get(tx, call.account, call.region, req["GroupId"])
        if group is None:
            raise _no_group(req["GroupId"])
        return group
    if "GroupName" not in req:
        raise AwsError("MissingParameter", "The request must contain the parameter groupName or groupId", status=400)
    for one in store.GROUPS.find(tx, prefix=(call.account, call.region)):
        if one.name == req["GroupName"]:
            return one
    raise _no_group(req["GroupName"])


def _resolve(tx: Tx, call: Call, group: SecurityGroup, rule: Rule) -> None:
    """A group named as the peer must exist."""
    if rule.kind != "group":
        return
    for one in store.GROUPS.find(tx, prefix=(call.account, call.region)):
        if rule.peer in (one.id, f"name:{one.name}"):
            rule.peer = one.id
            return
    raise _no_group(rule.peer.removeprefix("name:"))


def _no_group(name: str) -> AwsError:
    return AwsError("InvalidGroup.NotFound", f"The security group '{name}' does not exist", status=400)


def _tags(req: Doc, kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for specification in req.get("TagSpecifications") or []:
        if specification.get("ResourceType") != kind:
            raise AwsError(
                "InvalidParameterValue",
                f"'{specification.get('ResourceType')}' is not a valid taggable resource type for this operation.",
                status=400,
            )
        found |= normalise(specification.get("Tags"), error="InvalidParameterValue")
    return found
