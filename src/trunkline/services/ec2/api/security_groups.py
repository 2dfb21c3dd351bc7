"""Security groups; their rules are in security_rules."""

import re
from collections.abc import Callable

from trunkline.aws.arn import arn
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import pairs
from trunkline.services.ec2 import store
from trunkline.services.ec2.api.finding import Finding, listing, paged, tags_for
from trunkline.services.ec2.described import security
from trunkline.services.ec2.errors import failed, invalid, missing
from trunkline.services.ec2.filters import Properties, Values, each, member, select
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import SecurityGroup
from trunkline.services.ec2.store import ENDPOINTS, GROUPS, INTERFACES, VPCS, Edit, View, new_id
from trunkline.services.ec2.store.view import missing as no_record

_NAME = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def _peers(permissions: str, outer: str, inner: str) -> Callable[[Doc], Values]:
    """A property of the sources or destinations of a group's rules."""

    def read(item: Doc) -> Values:
        return [one[inner] for each in item[permissions] for one in each[outer] if inner in one]

    return read


_GROUP: Properties = {
    "group-id": member("GroupId"),
    "group-name": member("GroupName"),
    "vpc-id": member("VpcId"),
    "description": member("Description"),
    "owner-id": member("OwnerId"),
    **{
        f"{prefix}.{name}": read
        for prefix, permissions in (("ip-permission", "IpPermissions"), ("egress.ip-permission", "IpPermissionsEgress"))
        for name, read in {
            "protocol": each(permissions, "IpProtocol"),
            "from-port": each(permissions, "FromPort"),
            "to-port": each(permissions, "ToPort"),
            "cidr": _peers(permissions, "IpRanges", "CidrIp"),
            "ipv6-cidr": _peers(permissions, "Ipv6Ranges", "CidrIpv6"),
            "group-id": _peers(permissions, "UserIdGroupPairs", "GroupId"),
            "user-id": _peers(permissions, "UserIdGroupPairs", "UserId"),
            "prefix-list-id": _peers(permissions, "PrefixListIds", "PrefixListId"),
        }.items()
    },
}


class SecurityGroups(Finding):
    """Everything about groups but their rules."""

    @operation()
    async def describe_security_groups(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        names = req.get("GroupNames") or []
        if names:
            known = {one.name for one in view.all(GROUPS)}
            for name in names:
                if name not in known:
                    raise no_record(GROUPS, name)
        return listing(
            view,
            req,
            GROUPS,
            security.group,
            _GROUP,
            member="SecurityGroups",
            id_member="GroupId",
            shown=lambda one: not names or one.name in names,
        )

    @operation()
    async def get_security_groups_for_vpc(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        vpc = view.get(VPCS, req["VpcId"])
        items = [security.group(one, view.tags([one.id])) for one in view.all(GROUPS, vpc_id=vpc.id)]
        kept = ("GroupId", "GroupName", "Description", "OwnerId", "Tags")
        found = [
            {**{key: item[key] for key in kept}, "PrimaryVpcId": vpc.id}
            for item in select(items, req.get("Filters"), _GROUP)
        ]
        return paged(req, found, member="SecurityGroupForVpcs", id_member="GroupId")

    @operation("arn:aws:ec2:{region}:{account}:security-group/*", writes_once=True)
    async def create_security_group(self, call: Call, req: Doc) -> Doc:
        name = req["GroupName"]
        if not _NAME.fullmatch(name) or name.startswith("sg-"):
            raise invalid(f"Invalid security group name '{name}'.")
        if name == "default":
            raise invalid("Cannot use reserved security group name: default")
        if not _NAME.fullmatch(req["Description"]):
            raise invalid("Invalid security group description.")
        tags = tags_for(req, "security-group")

        def work(edit: Edit) -> SecurityGroup:
            vpc_id = edit.get(VPCS, req["VpcId"]).id if "VpcId" in req else _default_vpc(edit)
            others = edit.all(GROUPS)
            room("groups", others)
            if any(one.name == name and one.vpc_id == vpc_id for one in others):
                raise failed("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc_id}'")
            made = SecurityGroup(edit.account, edit.region, new_id("sg"), vpc_id, name, req["Description"])
            made.rules.append(store.everywhere())
            edit.keep(GROUPS, made)
            edit.tag(made.id, tags)
            return made

        made = await self.change(call, req, work)
        return {
            "GroupId": made.id,
            "SecurityGroupArn": arn("ec2", call.region, call.account, f"security-group/{made.id}"),
            "Tags": pairs(tags),
        }

    @operation("arn:aws:ec2:{region}:{account}:security-group/{GroupId}", writes_once=True)
    async def delete_security_group(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> str:
            group = meant(edit, req)
            if group.name == "default":
                raise failed(
                    "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
                )
            referred = any(
                rule.peer == group.id for one in edit.all(GROUPS) if one.id != group.id for rule in one.rules
            )
            used = any(group.id in one.group_ids for one in edit.all(INTERFACES))
            used = used or any(group.id in one.group_ids for one in edit.all(ENDPOINTS))
            if referred or used:
                raise failed("DependencyViolation", f"resource {group.id} has a dependent object")
            for rule in group.rules:
                edit.untag(rule.id)
            edit.drop(GROUPS, group)
            return group.id

        return {"Return": True, "GroupId": await self.change(call, req, work)}

    @operation()
    async def describe_security_group_references(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        wanted = [view.get(GROUPS, id) for id in req["GroupId"]]
        found = [
            {"GroupId": group.id, "ReferencingVpcId": other.vpc_id}
            for group in wanted
            for other in view.all(GROUPS)
            if other.vpc_id != group.vpc_id and any(rule.peer == group.id for rule in other.rules)
        ]
        return {"SecurityGroupReferenceSet": found}

    @operation()
    async def describe_stale_security_groups(self, call: Call, req: Doc) -> Doc:
        """A stale rule names a group that is gone; groups that rules name are never deleted here."""
        (await self.view(call, req)).get(VPCS, req["VpcId"])
        return {"StaleSecurityGroupSet": []}


def _default_vpc(view: View) -> str:
    for one in view.all(VPCS):
        if one.is_default:
            return one.id
    raise failed("VPCIdNotSpecified", "No default VPC for this user")


def meant(view: View, req: Doc) -> SecurityGroup:
    """By id, or by its name in the default VPC."""
    if "GroupId" in req:
        return view.get(GROUPS, req["GroupId"])
    if "GroupName" not in req:
        raise missing("groupName or groupId")
    for one in view.all(GROUPS, name=req["GroupName"], vpc_id=_default_vpc(view)):
        return one
    raise no_record(GROUPS, req["GroupName"])
