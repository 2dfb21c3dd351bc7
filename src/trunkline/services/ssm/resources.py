"""CloudFormation's view of Parameter Store: AWS::SSM::Parameter.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
"""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("ParameterNotFound",)


class Parameter(ResourceType):
    """A String or StringList; SecureString cannot be made by a template, as on AWS."""

    name = "AWS::SSM::Parameter"
    honoured = frozenset({"AllowedPattern", "DataType", "Description", "Name", "Tags", "Tier", "Type", "Value"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("Name") or on.name(512))
        try:
            await on.call("ssm", "PutParameter", **_request(name, wanted), Tags=tags.pairs(on.tags(wanted.get("Tags"))))
        except AwsError as error:
            if error.code != "ParameterAlreadyExists" or not on.owns(await _tags(on, name)):
                raise
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("ssm", "GetParameter", *_GONE, Name=physical_id)
        if found is None:
            return None
        filters = [{"Key": "Name", "Option": "Equals", "Values": [physical_id]}]
        listed = (await on.call("ssm", "DescribeParameters", ParameterFilters=filters))["Parameters"]
        if not listed:
            return None
        parameter, about = found["Parameter"], listed[0]
        read = {
            "Name": parameter["Name"],
            "Arn": parameter["ARN"],
            "Type": parameter["Type"],
            "Value": parameter["Value"],
            "DataType": parameter["DataType"],
            "Description": about.get("Description"),
            "AllowedPattern": about.get("AllowedPattern"),
            "Tier": about["Tier"],
            "Tags": tags.own(await _tags(on, physical_id)),
        }
        return {key: value for key, value in read.items() if value is not None}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        request = _request(physical_id, new)
        if "Description" in old:
            request.setdefault("Description", "")
        if {**old, "Tags": None} != {**new, "Tags": None}:
            await on.call("ssm", "PutParameter", **request, Overwrite=True)
        target = {"ResourceType": "Parameter", "ResourceId": physical_id}
        put, drop = on.tag_changes(await _tags(on, physical_id), new.get("Tags"))
        if put:
            await on.call("ssm", "AddTagsToResource", **target, Tags=tags.pairs(put))
        if drop:
            await on.call("ssm", "RemoveTagsFromResource", **target, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("ssm", "DeleteParameter", *_GONE, Name=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ssm", "DescribeParameters", "Parameters")
        return [one["Name"] for one in found if one["Type"] != "SecureString"]

    def refusals(self, wanted: Doc) -> list[str]:
        if wanted.get("Type") == "SecureString":
            return ["AWS CloudFormation doesn't support creating a SecureString parameter type."]
        return []


def _request(name: str, wanted: Doc) -> Doc:
    given: Doc = {
        key: wanted[key] for key in ("AllowedPattern", "DataType", "Description", "Tier", "Type") if key in wanted
    }
    return {"Name": name, "Value": wanted["Value"], **given}


async def _tags(on: Provision, name: str) -> dict[str, str]:
    answer = await on.look("ssm", "ListTagsForResource", "InvalidResourceId", ResourceType="Parameter", ResourceId=name)
    return {tag["Key"]: tag["Value"] for tag in (answer or {}).get("TagList", ())}


TYPES: tuple[ResourceType, ...] = (Parameter(),)
