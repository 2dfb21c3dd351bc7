"""CloudFormation's view of CloudTrail: AWS::CloudTrail::Trail.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html
"""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("TrailNotFoundException",)
# Property: the operation's member, and what takes it out.
_MEMBERS = {
    "CloudWatchLogsLogGroupArn": ("CloudWatchLogsLogGroupArn", ""),
    "CloudWatchLogsRoleArn": ("CloudWatchLogsRoleArn", ""),
    "EnableLogFileValidation": ("EnableLogFileValidation", False),
    "IncludeGlobalServiceEvents": ("IncludeGlobalServiceEvents", True),
    "IsMultiRegionTrail": ("IsMultiRegionTrail", False),
    "KMSKeyId": ("KmsKeyId", ""),
    "S3BucketName": ("S3BucketName", ""),
    "S3KeyPrefix": ("S3KeyPrefix", ""),
    "SnsTopicName": ("SnsTopicName", ""),
}


class Trail(ResourceType):
    name = "AWS::CloudTrail::Trail"
    honoured = frozenset({*_MEMBERS, "EventSelectors", "IsLogging", "IsOrganizationTrail", "Tags", "TrailName"})
    recorded = frozenset({"InsightSelectors"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("TrailName") or on.name(128))
        given = {member: wanted[key] for key, (member, _) in _MEMBERS.items() if key in wanted}
        try:
            await on.call(
                "cloudtrail", "CreateTrail", Name=name, **given, TagsList=tags.pairs(on.tags(wanted.get("Tags")))
            )
        except AwsError as error:
            if error.code != "TrailAlreadyExistsException" or not on.owns(await _tags(on, name)):
                raise
        await self._log(on, name, {}, wanted)
        return name

    async def _log(self, on: Provision, name: str, old: Doc, new: Doc) -> None:
        if old.get("EventSelectors", []) != new.get("EventSelectors", []):
            await on.call(
                "cloudtrail", "PutEventSelectors", TrailName=name, EventSelectors=new.get("EventSelectors", [])
            )
        if new.get("IsLogging") and not old.get("IsLogging"):
            await on.call("cloudtrail", "StartLogging", Name=name)
        if old.get("IsLogging") and not new.get("IsLogging"):
            await on.call("cloudtrail", "StopLogging", Name=name)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("cloudtrail", "GetTrail", *_GONE, Name=physical_id)
        if found is None:
            return None
        trail = found["Trail"]
        shown = {**trail, "EnableLogFileValidation": trail["LogFileValidationEnabled"]}
        read: Doc = {key: shown[member] for key, (member, _) in _MEMBERS.items() if shown.get(member) is not None}
        topic = on.kept.get("SnsTopicName", "")
        if topic.startswith("arn:") and trail.get("SnsTopicARN") == topic:
            read["SnsTopicName"] = topic
        status = await on.call("cloudtrail", "GetTrailStatus", Name=physical_id)
        read |= {
            "Arn": trail["TrailARN"],
            "TrailName": trail["Name"],
            "SnsTopicArn": trail.get("SnsTopicARN", ""),
            "IsLogging": status["IsLogging"],
            "IsOrganizationTrail": False,
            "Tags": tags.pairs(tags.own(await _tags(on, physical_id))),
        }
        if trail["HasCustomEventSelectors"]:
            selectors = await on.call("cloudtrail", "GetEventSelectors", TrailName=physical_id)
            read["EventSelectors"] = selectors["EventSelectors"]
        return read

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        changed = {
            member: new.get(key, nothing)
            for key, (member, nothing) in _MEMBERS.items()
            if old.get(key, nothing) != new.get(key, nothing)
        }
        if changed:
            await on.call("cloudtrail", "UpdateTrail", Name=physical_id, **changed)
        await self._log(on, physical_id, old, new)
        arn = (await on.call("cloudtrail", "GetTrail", Name=physical_id))["Trail"]["TrailARN"]
        put, drop = on.tag_changes(await _tags(on, physical_id), new.get("Tags"))
        if put:
            await on.call("cloudtrail", "AddTags", ResourceId=arn, TagsList=tags.pairs(put))
        if drop:
            await on.call("cloudtrail", "RemoveTags", ResourceId=arn, TagsList=[{"Key": key} for key in drop])

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("cloudtrail", "DeleteTrail", *_GONE, Name=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = (await on.call("cloudtrail", "DescribeTrails", includeShadowTrails=False))["trailList"]
        return [one["Name"] for one in found]

    def refusals(self, wanted: Doc) -> list[str]:
        if wanted.get("IsOrganizationTrail") is True:
            return ["Trunkline has no organizations: leave IsOrganizationTrail out."]
        return []


async def _tags(on: Provision, name: str) -> dict[str, str]:
    found = await on.look("cloudtrail", "GetTrail", *_GONE, Name=name)
    if found is None:
        return {}
    answer = await on.call("cloudtrail", "ListTags", ResourceIdList=[found["Trail"]["TrailARN"]])
    return {tag["Key"]: tag["Value"] for tag in answer["ResourceTagList"][0]["TagsList"]}


TYPES: tuple[ResourceType, ...] = (Trail(),)
