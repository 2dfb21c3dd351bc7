"""CloudFormation's view of X-Ray. Ref is the ARN of groups and sampling rules, the name of policies, the account.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_XRay.html
"""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("InvalidRequestException",)


class Group(ResourceType):
    name = "AWS::XRay::Group"
    honoured = frozenset({"FilterExpression", "GroupName", "InsightsConfiguration", "Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        given = {key: wanted[key] for key in ("FilterExpression", "InsightsConfiguration") if key in wanted}
        tagged = tags.pairs(on.tags(wanted.get("Tags")))
        try:
            answer = await on.call("xray", "CreateGroup", GroupName=wanted["GroupName"], Tags=tagged, **given)
        except AwsError:
            answer = await on.look("xray", "GetGroup", *_GONE, GroupName=wanted["GroupName"]) or {}
            if not answer or not on.owns(await _tags(on, answer["Group"]["GroupARN"])):
                raise
        return str(answer["Group"]["GroupARN"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("xray", "GetGroup", *_GONE, GroupARN=physical_id)
        if found is None:
            return None
        read = {key: value for key, value in found["Group"].items() if value is not None}
        return {**read, "Tags": tags.pairs(tags.own(await _tags(on, physical_id)))}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call(
            "xray",
            "UpdateGroup",
            GroupARN=physical_id,
            FilterExpression=new.get("FilterExpression", ""),
            InsightsConfiguration=new.get("InsightsConfiguration", {"InsightsEnabled": False}),
        )
        await _retag(on, physical_id, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("xray", "DeleteGroup", *_GONE, GroupARN=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("xray", "GetGroups", "Groups")
        return [one["GroupARN"] for one in found if one["GroupName"] != "Default"]

    def replaces(self, old: Doc, new: Doc) -> bool:
        return bool(old.get("GroupName") != new.get("GroupName"))


class SamplingRule(ResourceType):
    name = "AWS::XRay::SamplingRule"
    honoured = frozenset({"RuleName", "SamplingRule", "Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        rule = {"Version": 1, **wanted["SamplingRule"]}
        if "RuleARN" not in rule:
            rule.setdefault("RuleName", wanted.get("RuleName") or on.name(32))
        tagged = tags.pairs(on.tags(wanted.get("Tags")))
        try:
            answer = await on.call("xray", "CreateSamplingRule", SamplingRule=rule, Tags=tagged)
        except AwsError:
            arn = f"arn:aws:xray:{on.region}:{on.account}:sampling-rule/{rule.get('RuleName', '')}"
            if await self.read(on, arn) is None or not on.owns(await _tags(on, arn)):
                raise
            return arn
        return str(answer["SamplingRuleRecord"]["SamplingRule"]["RuleARN"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for one in await on.pages("xray", "GetSamplingRules", "SamplingRuleRecords"):
            rule = one["SamplingRule"]
            if rule["RuleARN"] == physical_id:
                return {
                    "RuleARN": physical_id,
                    "RuleName": rule["RuleName"],
                    "SamplingRule": rule,
                    "Tags": tags.pairs(tags.own(await _tags(on, physical_id))),
                }
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        change = {key: value for key, value in new["SamplingRule"].items() if key not in ("RuleName", "Version")}
        if "Attributes" in old["SamplingRule"]:
            change.setdefault("Attributes", {})
        await on.call("xray", "UpdateSamplingRule", SamplingRuleUpdate={**change, "RuleARN": physical_id})
        await _retag(on, physical_id, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("xray", "DeleteSamplingRule", *_GONE, RuleARN=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = [one["SamplingRule"] for one in await on.pages("xray", "GetSamplingRules", "SamplingRuleRecords")]
        return [one["RuleARN"] for one in found if one["RuleName"] != "Default"]

    def replaces(self, old: Doc, new: Doc) -> bool:
        def named(wanted: Doc) -> object:
            return wanted["SamplingRule"].get("RuleName") or wanted.get("RuleName")

        return bool(named(old) != named(new))


class ResourcePolicy(ResourceType):
    name = "AWS::XRay::ResourcePolicy"
    honoured = frozenset({"PolicyName", "PolicyDocument", "BypassPolicyLockoutCheck"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        # Revision 0: only if there is none of this name, unless an earlier run put it.
        made = await self.read(on, wanted["PolicyName"]) if on.resumed else None
        if made is None or made["PolicyDocument"] != wanted["PolicyDocument"]:
            await on.call("xray", "PutResourcePolicy", PolicyRevisionId="0", **wanted)
        return str(wanted["PolicyName"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        for one in await on.pages("xray", "ListResourcePolicies", "ResourcePolicies"):
            if one["PolicyName"] == physical_id:
                return {"PolicyName": physical_id, "PolicyDocument": one["PolicyDocument"]}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await on.call("xray", "PutResourcePolicy", **new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("xray", "DeleteResourcePolicy", *_GONE, PolicyName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["PolicyName"] for one in await on.pages("xray", "ListResourcePolicies", "ResourcePolicies")]


class TransactionSearchConfig(ResourceType):
    """One an account: spans go to CloudWatch Logs while it is there."""

    name = "AWS::XRay::TransactionSearchConfig"
    honoured = frozenset({"IndexingPercentage"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await on.call("xray", "UpdateTraceSegmentDestination", Destination="CloudWatchLogs")
        await self._index(on, wanted)
        return on.account

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        if (await on.call("xray", "GetTraceSegmentDestination"))["Destination"] != "CloudWatchLogs":
            return None
        (rule,) = (await on.call("xray", "GetIndexingRules"))["IndexingRules"]
        share = rule["Rule"]["Probabilistic"]["DesiredSamplingPercentage"]
        return {"AccountId": on.account, "IndexingPercentage": share}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._index(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("xray", "UpdateTraceSegmentDestination", Destination="XRay")

    async def existing(self, on: Provision) -> list[str]:
        return [] if await self.read(on, on.account) is None else [on.account]

    async def _index(self, on: Provision, wanted: Doc) -> None:
        share = {"Probabilistic": {"DesiredSamplingPercentage": wanted.get("IndexingPercentage", 1.0)}}
        await on.call("xray", "UpdateIndexingRule", Name="Default", Rule=share)


async def _tags(on: Provision, arn: str) -> dict[str, str]:
    answer = await on.look("xray", "ListTagsForResource", "ResourceNotFoundException", ResourceARN=arn)
    return {tag["Key"]: tag["Value"] for tag in (answer or {}).get("Tags", ())}


async def _retag(on: Provision, arn: str, new: Doc) -> None:
    put, drop = on.tag_changes(await _tags(on, arn), new.get("Tags"))
    if put:
        await on.call("xray", "TagResource", ResourceARN=arn, Tags=tags.pairs(put))
    if drop:
        await on.call("xray", "UntagResource", ResourceARN=arn, TagKeys=drop)


TYPES: tuple[ResourceType, ...] = (Group(), SamplingRule(), ResourcePolicy(), TransactionSearchConfig())
