"""CloudFormation's view of CloudWatch Logs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Logs.html
"""

from __future__ import annotations

import json

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_GONE = ("ResourceNotFoundException",)


class LogGroup(ResourceType):
    name = "AWS::Logs::LogGroup"
    honoured = frozenset(
        {"DeletionProtectionEnabled", "KmsKeyId", "LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"}
        | {"DataProtectionPolicy", "FieldIndexPolicies", "ResourcePolicyDocument"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("LogGroupName") or on.name(512))
        try:
            await on.call(
                "logs",
                "CreateLogGroup",
                logGroupName=name,
                kmsKeyId=wanted.get("KmsKeyId"),
                logGroupClass=wanted.get("LogGroupClass"),
                deletionProtectionEnabled=wanted.get("DeletionProtectionEnabled"),
                tags=on.tags(wanted.get("Tags")),
            )
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException" or not on.owns(await _tags(on, name)):
                raise
        if "RetentionInDays" in wanted:
            await on.call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=wanted["RetentionInDays"])
        await self._put_policies(on, name, {}, wanted)
        return name

    async def _put_policies(self, on: Provision, name: str, old: Doc, new: Doc) -> None:
        """What is attached to the group: data protection, field indexes, a resource policy."""
        group = {"logGroupIdentifier": name}
        for member, put, delete in (
            ("DataProtectionPolicy", "PutDataProtectionPolicy", "DeleteDataProtectionPolicy"),
            ("FieldIndexPolicies", "PutIndexPolicy", "DeleteIndexPolicy"),
        ):
            wanted = new.get(member) or None
            if wanted != (old.get(member) or None):
                if wanted is None:
                    await on.look("logs", delete, *_GONE, **group)
                else:
                    given = wanted[0] if isinstance(wanted, list) else wanted
                    document = given if isinstance(given, str) else json.dumps(given)
                    await on.call("logs", put, **group, policyDocument=document)
        if old.get("ResourcePolicyDocument") != new.get("ResourcePolicyDocument"):
            await self._put_resource_policy(on, name, new.get("ResourcePolicyDocument"))

    async def _put_resource_policy(self, on: Provision, name: str, document: Doc | None) -> None:
        group: Doc = {"resourceArn": _arn(on, name)}
        there = await on.call("logs", "DescribeResourcePolicies", **group)
        for one in there["resourcePolicies"]:
            group["expectedRevisionId"] = one["revisionId"]
        if document is not None:
            await on.call("logs", "PutResourcePolicy", **group, policyDocument=json.dumps(document))
        elif there["resourcePolicies"]:
            await on.call("logs", "DeleteResourcePolicy", **group)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        group = await _group(on, physical_id)
        if group is None:
            return None
        read = {
            "Arn": group["arn"],
            "LogGroupName": group["logGroupName"],
            "RetentionInDays": group.get("retentionInDays"),
            "KmsKeyId": group.get("kmsKeyId"),
            "LogGroupClass": group["logGroupClass"],
            "DeletionProtectionEnabled": group["deletionProtectionEnabled"],
            "Tags": tags.pairs(tags.own(await _tags(on, physical_id))),
            **await self._policies(on, physical_id),
        }
        return {key: value for key, value in read.items() if value is not None}

    async def _policies(self, on: Provision, name: str) -> Doc:
        protected = await on.call("logs", "GetDataProtectionPolicy", logGroupIdentifier=name)
        indexed = await on.call("logs", "DescribeIndexPolicies", logGroupIdentifiers=[name])
        allowed = await on.call("logs", "DescribeResourcePolicies", resourceArn=_arn(on, name))
        own = [one["policyDocument"] for one in indexed.get("indexPolicies", ()) if one.get("source") != "ACCOUNT"]
        texts = [one["policyDocument"] for one in allowed["resourcePolicies"]]
        document = protected.get("policyDocument")
        return {
            "DataProtectionPolicy": None if document is None else json.loads(document),
            "FieldIndexPolicies": [json.loads(text) for text in own] or None,
            "ResourcePolicyDocument": json.loads(texts[0]) if texts else None,
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put_policies(on, physical_id, old, new)
        group: Doc = {"logGroupName": physical_id}
        if old.get("RetentionInDays") != new.get("RetentionInDays"):
            if "RetentionInDays" in new:
                await on.call("logs", "PutRetentionPolicy", **group, retentionInDays=new["RetentionInDays"])
            else:
                await on.call("logs", "DeleteRetentionPolicy", **group)
        if old.get("KmsKeyId") != new.get("KmsKeyId"):
            if "KmsKeyId" in new:
                await on.call("logs", "AssociateKmsKey", **group, kmsKeyId=new["KmsKeyId"])
            else:
                await on.call("logs", "DisassociateKmsKey", **group)
        protected = new.get("DeletionProtectionEnabled", False)
        if old.get("DeletionProtectionEnabled", False) != protected:
            await on.call(
                "logs",
                "PutLogGroupDeletionProtection",
                logGroupIdentifier=physical_id,
                deletionProtectionEnabled=protected,
            )
        put, drop = on.tag_changes(await _tags(on, physical_id), new.get("Tags"))
        arn = _arn(on, physical_id)
        if put:
            await on.call("logs", "TagResource", resourceArn=arn, tags=put)
        if drop:
            await on.call("logs", "UntagResource", resourceArn=arn, tagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("logs", "DeleteLogGroup", *_GONE, logGroupName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [group["logGroupName"] for group in await on.pages("logs", "DescribeLogGroups", "logGroups")]


class LogStream(ResourceType):
    name = "AWS::Logs::LogStream"
    within = ("LogGroupName",)
    honoured = frozenset({"LogGroupName", "LogStreamName"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("LogStreamName") or on.name(512))
        try:
            await on.call("logs", "CreateLogStream", logGroupName=wanted["LogGroupName"], logStreamName=name)
        except AwsError as error:
            if not (on.resumed and error.code == "ResourceAlreadyExistsException"):
                raise
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        group, name = _place(on, physical_id)
        asked = {"logGroupName": group, "logStreamNamePrefix": name}
        found = await on.look("logs", "DescribeLogStreams", *_GONE, **asked)
        if found is None or not any(one["logStreamName"] == name for one in found["logStreams"]):
            return None
        return {"LogGroupName": group, "LogStreamName": name}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Every property needs a replacement."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        group, name = _place(on, physical_id)
        await on.look("logs", "DeleteLogStream", *_GONE, logGroupName=group, logStreamName=name)


class MetricFilter(ResourceType):
    name = "AWS::Logs::MetricFilter"
    within = ("LogGroupName",)
    honoured = frozenset(
        {"FilterName", "FilterPattern", "LogGroupName", "MetricTransformations"}
        | {"ApplyOnTransformedLogs", "EmitSystemFieldDimensions"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("FilterName") or on.name(512))
        await self._put(on, name, wanted)
        return name

    async def _put(self, on: Provision, name: str, wanted: Doc) -> None:
        await on.call(
            "logs",
            "PutMetricFilter",
            logGroupName=wanted["LogGroupName"],
            filterName=name,
            filterPattern=wanted["FilterPattern"],
            metricTransformations=[_transformation(one) for one in wanted["MetricTransformations"]],
            applyOnTransformedLogs=wanted.get("ApplyOnTransformedLogs"),
            emitSystemFieldDimensions=wanted.get("EmitSystemFieldDimensions"),
        )

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        group, name = _place(on, physical_id)
        asked = {"logGroupName": group, "filterNamePrefix": name}
        found = await on.look("logs", "DescribeMetricFilters", *_GONE, **asked)
        for one in (found or {}).get("metricFilters", ()):
            if one["filterName"] == name:
                return {
                    "LogGroupName": group,
                    "FilterName": name,
                    "FilterPattern": one["filterPattern"],
                    "MetricTransformations": [_shown(each) for each in one["metricTransformations"]],
                    "ApplyOnTransformedLogs": one["applyOnTransformedLogs"],
                    "EmitSystemFieldDimensions": one.get("emitSystemFieldDimensions") or [],
                }
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, _place(on, physical_id)[1], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        group, name = _place(on, physical_id)
        await on.look("logs", "DeleteMetricFilter", *_GONE, logGroupName=group, filterName=name)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("logs", "DescribeMetricFilters", "metricFilters")
        return [one["filterName"] for one in found]


class SubscriptionFilter(ResourceType):
    name = "AWS::Logs::SubscriptionFilter"
    within = ("LogGroupName",)
    honoured = frozenset(
        {"DestinationArn", "Distribution", "FilterName", "FilterPattern", "LogGroupName", "RoleArn"}
        | {"ApplyOnTransformedLogs"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("FilterName") or on.name(512))
        await self._put(on, name, wanted)
        return name

    async def _put(self, on: Provision, name: str, wanted: Doc) -> None:
        await on.call(
            "logs",
            "PutSubscriptionFilter",
            logGroupName=wanted["LogGroupName"],
            filterName=name,
            filterPattern=wanted["FilterPattern"],
            destinationArn=wanted["DestinationArn"],
            roleArn=wanted.get("RoleArn"),
            distribution=wanted.get("Distribution"),
            applyOnTransformedLogs=wanted.get("ApplyOnTransformedLogs"),
        )

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        group, name = _place(on, physical_id)
        asked = {"logGroupName": group, "filterNamePrefix": name}
        found = await on.look("logs", "DescribeSubscriptionFilters", *_GONE, **asked)
        for one in (found or {}).get("subscriptionFilters", ()):
            if one["filterName"] == name:
                read = {
                    "LogGroupName": group,
                    "FilterName": name,
                    "FilterPattern": one["filterPattern"],
                    "DestinationArn": one["destinationArn"],
                    "Distribution": one["distribution"],
                    "RoleArn": one.get("roleArn"),
                    "ApplyOnTransformedLogs": one["applyOnTransformedLogs"],
                }
                return {key: value for key, value in read.items() if value is not None}
        return None

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, _place(on, physical_id)[1], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        group, name = _place(on, physical_id)
        await on.look("logs", "DeleteSubscriptionFilter", *_GONE, logGroupName=group, filterName=name)

    def refusals(self, wanted: Doc) -> list[str]:
        destination = wanted.get("DestinationArn")
        if isinstance(destination, str) and destination.split(":")[2:3] != ["lambda"]:
            return [f"Trunkline's subscription filters deliver to Lambda functions, not to {destination}."]
        return []


def _arn(on: Provision, group: str) -> str:
    return f"arn:aws:logs:{on.region}:{on.account}:log-group:{group}"


async def _group(on: Provision, name: str) -> Doc | None:
    found = await on.call("logs", "DescribeLogGroups", logGroupNamePrefix=name)
    return next((one for one in found["logGroups"] if one["logGroupName"] == name), None)


async def _tags(on: Provision, group: str) -> dict[str, str]:
    found: dict[str, str] = (await on.call("logs", "ListTagsForResource", resourceArn=_arn(on, group)))["tags"]
    return found


def _place(on: Provision, physical_id: str) -> tuple[str, str]:
    """Group and name: Ref gives the name alone, an import `group|name` or (filters) `name|group`."""
    group = str(on.kept.get("LogGroupName", ""))
    if group or "|" not in physical_id:
        return group, physical_id
    first, _, second = physical_id.partition("|")
    return first, second


def _transformation(given: Doc) -> Doc:
    found = {key[0].lower() + key[1:]: value for key, value in given.items()}
    if "dimensions" in found:
        found["dimensions"] = {one["Key"]: one["Value"] for one in found["dimensions"]}
    return found


def _shown(found: Doc) -> Doc:
    given = {key[0].upper() + key[1:]: value for key, value in found.items() if value is not None}
    if "Dimensions" in given:
        given["Dimensions"] = [{"Key": key, "Value": value} for key, value in given["Dimensions"].items()]
    return given


TYPES: tuple[ResourceType, ...] = (
    LogGroup(),
    LogStream(),
    MetricFilter(),
    SubscriptionFilter(),
)
