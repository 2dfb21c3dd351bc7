"""The rules of security groups."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import rules
from trunkline.services.ec2.api.finding import Finding, paged, plain_values, tags_for
from trunkline.services.ec2.api.security_groups import meant
from trunkline.services.ec2.described import security
from trunkline.services.ec2.errors import failed, invalid, missing
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.managed import prefix_list_exists
from trunkline.services.ec2.model import Rule, SecurityGroup
from trunkline.services.ec2.store import GROUPS, PEERINGS, VPCS, Edit
from trunkline.services.ec2.store.view import missing as no_record

_RULE: Properties = {
    "group-id": member("GroupId"),
    "security-group-rule-id": member("SecurityGroupRuleId"),
}
_GROUP = "arn:aws:ec2:{region}:{account}:security-group/{GroupId}"


class SecurityRules(Finding):
    """Everything about them."""

    @operation()
    async def describe_security_group_rules(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        named = plain_values(req.get("Filters"), "group-id")
        groups = [one for id in named if (one := view.find(GROUPS, id))] if named else view.all(GROUPS)
        tags = view.tags(each.id for one in groups for each in one.rules) if named else view.tags()
        items = [security.rule(one, each, tags) for one in groups for each in one.rules]
        wanted = req.get("SecurityGroupRuleIds")
        if wanted:
            by_id = {item["SecurityGroupRuleId"]: item for item in items}
            for id in wanted:
                if id not in by_id:
                    raise _no_rule(id)
            items = [by_id[id] for id in dict.fromkeys(wanted)]
        found = select(items, req.get("Filters"), _RULE)
        return paged(req, found, member="SecurityGroupRules", id_member="SecurityGroupRuleId")

    @operation(_GROUP, writes_once=True)
    async def authorize_security_group_ingress(self, call: Call, req: Doc) -> Doc:
        return await self._authorize(call, req, egress=False)

    @operation(_GROUP, writes_once=True)
    async def authorize_security_group_egress(self, call: Call, req: Doc) -> Doc:
        return await self._authorize(call, req, egress=True)

    @operation(_GROUP, writes_once=True)
    async def revoke_security_group_ingress(self, call: Call, req: Doc) -> Doc:
        return await self._revoke(call, req, egress=False)

    @operation(_GROUP, writes_once=True)
    async def revoke_security_group_egress(self, call: Call, req: Doc) -> Doc:
        return await self._revoke(call, req, egress=True)

    @operation(_GROUP, writes_once=True)
    async def modify_security_group_rules(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            group = edit.get(GROUPS, req["GroupId"])
            for update in req["SecurityGroupRules"]:
                old = _by_id(group, update["SecurityGroupRuleId"])
                new = rules.from_update(old, update.get("SecurityGroupRule") or {})
                _resolve(edit, group, new)
                if any(new.same_as(other) for other in group.rules if other.id != old.id):
                    raise _duplicate(new)
                group.rules[group.rules.index(old)] = new
            edit.keep(GROUPS, group)

        await self.change(call, req, work)
        return {"Return": True}

    @operation(_GROUP, writes_once=True)
    async def update_security_group_rule_descriptions_ingress(self, call: Call, req: Doc) -> Doc:
        return await self._describe_anew(call, req, egress=False)

    @operation(_GROUP, writes_once=True)
    async def update_security_group_rule_descriptions_egress(self, call: Call, req: Doc) -> Doc:
        return await self._describe_anew(call, req, egress=True)

    async def _authorize(self, call: Call, req: Doc, *, egress: bool) -> Doc:
        wanted = rules.from_request(req, egress=egress)
        tags = tags_for(req, "security-group-rule")

        def work(edit: Edit) -> list[Doc]:
            group = meant(edit, req)
            room("rules", [one for one in group.rules if one.egress is egress], len(wanted))
            for one in wanted:
                _resolve(edit, group, one)
                if any(one.same_as(other) for other in group.rules):
                    raise _duplicate(one)
                group.rules.append(one)
                edit.tag(one.id, tags)
            edit.keep(GROUPS, group)
            return [security.rule(group, one, {one.id: tags}) for one in wanted]

        return {"Return": True, "SecurityGroupRules": await self.change(call, req, work)}

    async def _revoke(self, call: Call, req: Doc, *, egress: bool) -> Doc:
        ids = req.get("SecurityGroupRuleIds") or []
        wanted = [] if ids else rules.from_request(req, egress=egress)

        def work(edit: Edit) -> Doc:
            group = meant(edit, req)
            here = [one for one in group.rules if one.egress is egress]
            for id in ids:
                if all(one.id != id for one in here):
                    raise _no_rule(id)
            gone = [one for one in here if one.id in ids]
            unknown = []
            for one in wanted:
                found = _matching(edit, group, one, here)
                if found is None:
                    unknown.append(one)
                else:
                    gone.append(found)
            # AWS tells the rules that were not there in a default VPC, and refuses elsewhere.
            if unknown and not edit.get(VPCS, group.vpc_id).is_default:
                raise failed("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
            group.rules = [one for one in group.rules if one not in gone]
            for one in gone:
                edit.untag(one.id)
            edit.keep(GROUPS, group)
            return {
                "Return": True,
                "RevokedSecurityGroupRules": [security.revoked(group, one) for one in gone],
                "UnknownIpPermissions": security.permissions(group, unknown),
            }

        return await self.change(call, req, work)

    async def _describe_anew(self, call: Call, req: Doc, *, egress: bool) -> Doc:
        by_id = {
            one["SecurityGroupRuleId"]: one.get("Description") for one in req.get("SecurityGroupRuleDescriptions") or ()
        }
        wanted = [] if by_id else rules.from_request(req, egress=egress)

        def work(edit: Edit) -> None:
            group = meant(edit, req)
            for id, text in by_id.items():
                _by_id(group, id).description = text
            for one in wanted:
                found = _matching(edit, group, one, [each for each in group.rules if each.egress is egress])
                if found is None:
                    raise failed(
                        "InvalidPermission.NotFound", "The specified rule does not exist in this security group."
                    )
                found.description = one.description
            edit.keep(GROUPS, group)

        await self.change(call, req, work)
        return {"Return": True}


def _matching(edit: Edit, group: SecurityGroup, wanted: Rule, here: list[Rule]) -> Rule | None:
    if wanted.kind == "group" and wanted.peer.startswith("name:"):
        _resolve(edit, group, wanted)
    return next((one for one in here if one.same_as(wanted)), None)


def _by_id(group: SecurityGroup, id: str) -> Rule:
    for one in group.rules:
        if one.id == id:
            return one
    raise _no_rule(id)


def _no_rule(id: str) -> Exception:
    return failed("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{id}' does not exist")


def _duplicate(rule: Rule) -> Exception:
    return failed("InvalidPermission.Duplicate", f'the specified rule "{rules.told(rule)}" already exists')


def _resolve(edit: Edit, group: SecurityGroup, rule: Rule) -> None:
    """What is named as the peer must exist: a group by its id or, in the same VPC, its name; a prefix list."""
    if rule.kind == "prefix_list" and not prefix_list_exists(edit, rule.peer):
        raise failed("InvalidPrefixListId.NotFound", f"The prefix list ID '{rule.peer}' does not exist")
    if rule.kind != "group":
        return
    name = rule.peer.removeprefix("name:")
    if not name:
        raise missing("groupId")
    if name != rule.peer:
        found = next(iter(edit.all(GROUPS, name=name, vpc_id=group.vpc_id)), None)
    else:
        found = edit.find(GROUPS, rule.peer)
    if found is None:
        raise no_record(GROUPS, name)
    if found.vpc_id != group.vpc_id and not _peered(edit, found.vpc_id, group.vpc_id):
        raise invalid(f"You have specified two resources that belong to different networks: {group.id}, {found.id}")
    rule.peer = found.id


def _peered(edit: Edit, one: str, other: str) -> bool:
    return any(
        {peering.requester.vpc_id, peering.accepter.vpc_id} == {one, other} and peering.status == "active"
        for peering in PEERINGS.find(edit.tx)
    )
