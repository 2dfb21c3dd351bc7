"""CloudFormation's view of security groups, and of rules by themselves."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.aws.tags import pairs
from trunkline.services.ec2.resources import rules
from trunkline.services.ec2.resources.tagged import Tagged, gone, own_tags

_NO_GROUP = "InvalidGroup.NotFound"
_STACK = "aws:cloudformation:stack-id"


class SecurityGroup(Tagged):
    """Rules that are resources of their own carry their stack's tags, and are not this one's."""

    name = "AWS::EC2::SecurityGroup"
    honoured = frozenset(
        {"GroupDescription", "GroupName", "SecurityGroupEgress", "SecurityGroupIngress", "Tags", "VpcId"}
    )
    kind = "security-group"
    describe = ("DescribeSecurityGroups", "SecurityGroups", "GroupId")
    missing = _NO_GROUP
    remove = "DeleteSecurityGroup"

    async def create(self, on: Provision, wanted: Doc) -> str:
        found = await self.made_before(on)
        if found is None:
            found = await on.call(
                "ec2",
                "CreateSecurityGroup",
                GroupName=wanted.get("GroupName") or on.name(255),
                Description=wanted["GroupDescription"],
                VpcId=wanted.get("VpcId"),
                TagSpecifications=self.tag_specifications(on, wanted),
            )
        id = str(found["GroupId"])
        await on.made(id)
        await self._bring(on, id, wanted)
        return id

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        names = await _names(on, found["VpcId"], on.kept)
        own = [one for one in await _rules(on, physical_id) if not _is_a_resource(one)]
        given = {False: on.kept.get("SecurityGroupIngress") or (), True: on.kept.get("SecurityGroupEgress") or ()}
        told = {
            egress: [rules.as_given(rules.told(one), given[egress], names) for one in own if one["IsEgress"] is egress]
            for egress in (False, True)
        }
        return {
            "Id": physical_id,
            "GroupId": physical_id,
            "GroupName": found["GroupName"],
            "GroupDescription": found["Description"],
            "VpcId": found["VpcId"],
            "SecurityGroupIngress": told[False],
            "SecurityGroupEgress": told[True],
            "Tags": own_tags(found),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._bring(on, physical_id, new, old)
        await super().update(on, physical_id, old, new)

    async def _bring(self, on: Provision, id: str, wanted: Doc, old: Doc | None = None) -> None:
        """From the rules that it has to those of the template.

        An update leaves alone what neither the old template nor the new one says; that is somebody else's.
        """
        found = await self.find(on, id)
        names = await _names(on, found["VpcId"], wanted, old or {}) if found else {}
        present = [one for one in await _rules(on, id) if not _is_a_resource(one)]
        for egress, member in ((False, "SecurityGroupIngress"), (True, "SecurityGroupEgress")):
            rest = [rules.EVERYWHERE] if egress else []
            target = {rules.matter(one, names): one for one in wanted.get(member) or rest}
            before = {rules.matter(one, names) for one in ((old or {}).get(member) or rest)}
            here = {rules.matter(rules.told(one)): one for one in present if one["IsEgress"] is egress}
            gone_ids = [one["SecurityGroupRuleId"] for key, one in here.items() if key not in target and key in before]
            if gone_ids:
                await on.call("ec2", _operation("Revoke", egress), GroupId=id, SecurityGroupRuleIds=gone_ids)
            missing = [rules.permission(one) for key, one in target.items() if key not in here]
            if missing:
                await on.call("ec2", _operation("Authorize", egress), GroupId=id, IpPermissions=missing)
            reworded = [
                {"SecurityGroupRuleId": here[key]["SecurityGroupRuleId"], "Description": one.get("Description", "")}
                for key, one in target.items()
                if key in here and (here[key].get("Description") or "") != (one.get("Description") or "")
            ]
            if reworded:
                operation = f"UpdateSecurityGroupRuleDescriptions{'Egress' if egress else 'Ingress'}"
                await on.call("ec2", operation, GroupId=id, SecurityGroupRuleDescriptions=reworded)


class _Rule(ResourceType):
    """One rule by itself. All but its description needs another one."""

    egress: ClassVar[bool]

    async def create(self, on: Provision, wanted: Doc) -> str:
        group = wanted.get("GroupId") or await _by_name(on, wanted["GroupName"])
        if on.resumed:
            for one in await _rules(on, group):
                if on.owns({tag["Key"]: tag["Value"] for tag in one["Tags"]}) and one["IsEgress"] is self.egress:
                    return str(one["SecurityGroupRuleId"])
        given = pairs(on.tags())
        answer = await on.call(
            "ec2",
            _operation("Authorize", self.egress),
            GroupId=group,
            IpPermissions=[rules.permission(wanted)],
            TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": given}] if given else None,
        )
        return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._find(on, physical_id)
        if found is None:
            return None
        names = {}
        if "SourceSecurityGroupName" in on.kept:
            group = await on.call("ec2", "DescribeSecurityGroups", GroupIds=[found["GroupId"]])
            names = await _names(on, group["SecurityGroups"][0]["VpcId"], on.kept)
        given = {key: value for key, value in on.kept.items() if key not in ("GroupId", "GroupName")}
        told = rules.as_given(rules.told(found), [given] if given else [], names)
        named = {"GroupName": on.kept["GroupName"]} if "GroupName" in on.kept else {}
        return {**told, **named, "Id": physical_id, "GroupId": found["GroupId"]}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = await self._find(on, physical_id)
        if found is None:
            raise AwsError("InvalidSecurityGroupRuleId.NotFound", f"{physical_id} does not exist", status=400)
        wanted = {"SecurityGroupRuleId": physical_id, "Description": new.get("Description", "")}
        operation = f"UpdateSecurityGroupRuleDescriptions{'Egress' if self.egress else 'Ingress'}"
        await on.call("ec2", operation, GroupId=found["GroupId"], SecurityGroupRuleDescriptions=[wanted])

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = await self._find(on, physical_id)
        if found is not None:
            absent = (_NO_GROUP, "InvalidSecurityGroupRuleId.NotFound")
            await gone(
                on,
                _operation("Revoke", self.egress),
                *absent,
                GroupId=found["GroupId"],
                SecurityGroupRuleIds=[physical_id],
            )

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules")
        return [one["SecurityGroupRuleId"] for one in found if one["IsEgress"] is self.egress]

    async def _find(self, on: Provision, id: str) -> Doc | None:
        absent = "InvalidSecurityGroupRuleId.NotFound"
        found = await on.look("ec2", "DescribeSecurityGroupRules", absent, SecurityGroupRuleIds=[id])
        return found["SecurityGroupRules"][0] if found else None


class SecurityGroupIngress(_Rule):
    name = "AWS::EC2::SecurityGroupIngress"
    honoured = frozenset(
        {*rules.INGRESS, "Description", "FromPort", "GroupId", "GroupName", "IpProtocol", "ToPort"}
        | {"SourceSecurityGroupOwnerId"}
    )
    egress = False


class SecurityGroupEgress(_Rule):
    name = "AWS::EC2::SecurityGroupEgress"
    honoured = frozenset({*rules.EGRESS, "Description", "FromPort", "GroupId", "IpProtocol", "ToPort"})
    egress = True


def _operation(verb: str, egress: bool) -> str:
    return f"{verb}SecurityGroup{'Egress' if egress else 'Ingress'}"


def _is_a_resource(rule: Doc) -> bool:
    return any(tag["Key"] == _STACK for tag in rule.get("Tags") or ())


async def _rules(on: Provision, group: str) -> list[Doc]:
    filters = [{"Name": "group-id", "Values": [group]}]
    return list(await on.pages("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules", Filters=filters))


async def _names(on: Provision, vpc_id: str, *templates: Doc) -> dict[str, str]:
    """Group ids by name, in one VPC; nothing where no template speaks of groups by their names."""
    rules_given = [rule for one in templates for rule in (one, *(one.get("SecurityGroupIngress") or ()))]
    if not any("SourceSecurityGroupName" in rule for rule in rules_given):
        return {}
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    found = await on.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=filters)
    return {one["GroupName"]: one["GroupId"] for one in found}


async def _by_name(on: Provision, name: str) -> str:
    """Templates call a group of the default VPC by its name, or by what Ref gives."""
    if name.startswith("sg-"):
        return name
    answer = await on.call("ec2", "DescribeSecurityGroups", GroupNames=[name])
    return str(answer["SecurityGroups"][0]["GroupId"])
