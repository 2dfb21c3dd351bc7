"""CloudFormation's view of CloudWatch: alarms, anomaly detectors, dashboards, insight rules and metric streams.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from trunkline.aws import arn as arns
from trunkline.aws import tags
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_COMMON = {
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "InsufficientDataActions",
    "OKActions",
    "Tags",
}


class _AnyAlarm(ResourceType):
    """What the two kinds share; `kind` is the API's word for them."""

    kind: str
    put: str

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("AlarmName") or on.name(255))
        request = {key: value for key, value in wanted.items() if key not in ("AlarmName", "Tags")}
        given = tags.pairs(on.tags(wanted.get("Tags")))
        await on.call("cloudwatch", self.put, AlarmName=name, **request, Tags=given)
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        asked = {"AlarmNames": [physical_id], "AlarmTypes": [self.kind]}
        found = (await on.call("cloudwatch", "DescribeAlarms", **asked)).get(f"{self.kind}s")
        if not found:
            return None
        alarm = found[0]
        read = {key: alarm[key] for key in self.honoured if alarm.get(key) is not None}
        tagged = await _tags(on, alarm["AlarmArn"])
        return {**read, "Arn": alarm["AlarmArn"], "Tags": tags.pairs(tags.own(tagged))}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        request = {key: value for key, value in new.items() if key not in ("AlarmName", "Tags")}
        await on.call("cloudwatch", self.put, AlarmName=physical_id, **request)
        alarm = await self.read(on, physical_id)
        if alarm is not None:
            await _retag(on, alarm["Arn"], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("cloudwatch", "DeleteAlarms", AlarmNames=[physical_id])

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("cloudwatch", "DescribeAlarms", f"{self.kind}s", AlarmTypes=[self.kind])
        return [alarm["AlarmName"] for alarm in found]


class Alarm(_AnyAlarm):
    name = "AWS::CloudWatch::Alarm"
    kind, put = "MetricAlarm", "PutMetricAlarm"
    honoured = frozenset(
        {
            *_COMMON,
            "ComparisonOperator",
            "DatapointsToAlarm",
            "Dimensions",
            "EvaluateLowSampleCountPercentile",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "MetricName",
            "Metrics",
            "Namespace",
            "Period",
            "Statistic",
            "Threshold",
            "ThresholdMetricId",
            "TreatMissingData",
            "Unit",
        }
    )


class CompositeAlarm(_AnyAlarm):
    name = "AWS::CloudWatch::CompositeAlarm"
    kind, put = "CompositeAlarm", "PutCompositeAlarm"
    honoured = frozenset(
        {
            *_COMMON,
            "ActionsSuppressor",
            "ActionsSuppressorExtensionPeriod",
            "ActionsSuppressorWaitPeriod",
            "AlarmRule",
        }
    )


class AlarmMuteRule(ResourceType):
    """Ref is its ARN. Dates without an offset are in the schedule's time zone."""

    name = "AWS::CloudWatch::AlarmMuteRule"
    honoured = frozenset({"Description", "ExpireDate", "MuteTargets", "Name", "Rule", "StartDate", "Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("Name") or on.name(255))
        await self._put(on, name, wanted, tags.pairs(on.tags(wanted.get("Tags"))))
        found = await on.call("cloudwatch", "GetAlarmMuteRule", AlarmMuteRuleName=name)
        return str(found["AlarmMuteRuleArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        gone = "ResourceNotFoundException"
        found = await on.look("cloudwatch", "GetAlarmMuteRule", gone, AlarmMuteRuleName=physical_id)
        if found is None:
            return None
        shown = ("Description", "MuteTargets", "MuteType", "Name", "Rule", "Status")
        read: Doc = {name: found[name] for name in shown if found.get(name) is not None}
        for member in ("StartDate", "ExpireDate"):
            if found.get(member) is not None:
                kept = on.kept.get(member)
                same = kept is not None and _date(kept, found["Rule"]) == found[member]
                read[member] = kept if same else found[member].strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            **read,
            "Arn": physical_id,
            "LastUpdatedTimestamp": found["LastUpdatedTimestamp"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Tags": tags.pairs(tags.own(await _tags(on, physical_id))),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, physical_id.partition(":alarm-mute-rule:")[2], new, None)
        await _retag(on, physical_id, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("cloudwatch", "DeleteAlarmMuteRule", AlarmMuteRuleName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("cloudwatch", "ListAlarmMuteRules", "AlarmMuteRuleSummaries")
        return [one["AlarmMuteRuleArn"] for one in found]

    async def _put(self, on: Provision, name: str, wanted: Doc, given: list[Doc] | None) -> None:
        request = {key: value for key, value in wanted.items() if key not in ("Name", "Tags")}
        for member in ("StartDate", "ExpireDate"):
            if member in request:
                request[member] = _date(request[member], request["Rule"])
        if given is not None:
            request["Tags"] = given
        await on.call("cloudwatch", "PutAlarmMuteRule", Name=name, **request)


class Dashboard(ResourceType):
    name = "AWS::CloudWatch::Dashboard"
    honoured = frozenset({"DashboardBody", "DashboardName", "Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("DashboardName") or on.name(255))
        await on.call(
            "cloudwatch",
            "PutDashboard",
            DashboardName=name,
            DashboardBody=_body(wanted),
            Tags=tags.pairs(on.tags(wanted.get("Tags"))),
        )
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        absent = ("DashboardNotFoundError", "ResourceNotFound")
        found = await on.look("cloudwatch", "GetDashboard", *absent, DashboardName=physical_id)
        if found is None:
            return None
        tagged = tags.pairs(tags.own(await _tags(on, found["DashboardArn"])))
        return {"DashboardName": physical_id, "DashboardBody": found["DashboardBody"], "Tags": tagged}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if old.get("DashboardBody") != new.get("DashboardBody"):
            await on.call("cloudwatch", "PutDashboard", DashboardName=physical_id, DashboardBody=_body(new))
        found = await on.call("cloudwatch", "GetDashboard", DashboardName=physical_id)
        await _retag(on, found["DashboardArn"], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        absent = ("DashboardNotFoundError", "ResourceNotFound")
        await on.look("cloudwatch", "DeleteDashboards", *absent, DashboardNames=[physical_id])

    async def existing(self, on: Provision) -> list[str]:
        return [one["DashboardName"] for one in await on.pages("cloudwatch", "ListDashboards", "DashboardEntries")]


class AnomalyDetector(ResourceType):
    """Ref is the detector's id, which its metric determines."""

    name = "AWS::CloudWatch::AnomalyDetector"
    honoured = frozenset(
        {
            "Configuration",
            "Dimensions",
            "MetricCharacteristics",
            "MetricMathAnomalyDetector",
            "MetricName",
            "Namespace",
            "SingleMetricAnomalyDetector",
            "Stat",
        }
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        request = {**wanted}
        if "Configuration" in wanted:
            given = wanted["Configuration"]
            ranges = [
                {key: _moment(one[key]) for key in ("StartTime", "EndTime")}
                for one in given.get("ExcludedTimeRanges", ())
            ]
            request["Configuration"] = {"ExcludedTimeRanges": ranges}
            if "MetricTimeZone" in given:
                request["Configuration"]["MetricTimezone"] = given["MetricTimeZone"]
        return str((await on.call("cloudwatch", "PutAnomalyDetector", **request))["AnomalyDetectorId"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        asked = {"AnomalyDetectorIds": [physical_id]}
        found = (await on.call("cloudwatch", "DescribeAnomalyDetectors", **asked))["AnomalyDetectors"]
        if not found:
            return None
        one = found[0]
        configuration = one["Configuration"]
        shown: Doc = {
            "ExcludedTimeRanges": [
                {key: each[key].strftime("%Y-%m-%dT%H:%M:%S") for key in ("StartTime", "EndTime")}
                for each in configuration["ExcludedTimeRanges"]
            ]
        }
        if configuration.get("MetricTimezone"):
            shown["MetricTimeZone"] = configuration["MetricTimezone"]
        read = {key: one[key] for key in self.honoured if one.get(key) is not None}
        return {**read, "Id": physical_id, "Configuration": shown}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.create(on, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        absent = ("ResourceNotFoundException",)
        await on.look("cloudwatch", "DeleteAnomalyDetector", *absent, AnomalyDetectorId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        kinds = ["SINGLE_METRIC", "METRIC_MATH"]
        asked = {"AnomalyDetectorTypes": kinds}
        found = await on.pages("cloudwatch", "DescribeAnomalyDetectors", "AnomalyDetectors", **asked)
        return [one["AnomalyDetectorId"] for one in found]


def _date(text: str, rule: Doc) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(rule["Schedule"].get("Timezone", "UTC")))


class InsightRule(ResourceType):
    """Ref is the rule's ARN."""

    name = "AWS::CloudWatch::InsightRule"
    honoured = frozenset({"ApplyOnTransformedLogs", "RuleBody", "RuleName", "RuleState", "Tags"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        await self._put(on, wanted, Tags=tags.pairs(on.tags(wanted.get("Tags"))))
        return arns.arn("cloudwatch", on.region, on.account, f"insight-rule/{wanted['RuleName']}")

    async def _put(self, on: Provision, wanted: Doc, **more: object) -> None:
        request = {key: wanted[key] for key in ("RuleName", "RuleState", "ApplyOnTransformedLogs") if key in wanted}
        await on.call("cloudwatch", "PutInsightRule", **request, RuleDefinition=wanted["RuleBody"], **more)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        wanted = physical_id.rpartition("/")[2]
        rules = await on.pages("cloudwatch", "DescribeInsightRules", "InsightRules")
        found = next((rule for rule in rules if rule["Name"] == wanted), None)
        if found is None:
            return None
        return {
            "Arn": physical_id,
            "RuleName": found["Name"],
            "RuleState": found["State"],
            "RuleBody": found["Definition"],
            "ApplyOnTransformedLogs": found["ApplyOnTransformedLogs"],
            "Tags": tags.pairs(tags.own(await _tags(on, physical_id))),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, new)
        await _retag(on, physical_id, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("cloudwatch", "DeleteInsightRules", RuleNames=[physical_id.rpartition("/")[2]])

    async def existing(self, on: Provision) -> list[str]:
        rules = await on.pages("cloudwatch", "DescribeInsightRules", "InsightRules")
        return [arns.arn("cloudwatch", on.region, on.account, f"insight-rule/{rule['Name']}") for rule in rules]


class MetricStream(ResourceType):
    name = "AWS::CloudWatch::MetricStream"
    honoured = frozenset(
        {
            "ExcludeFilters",
            "FirehoseArn",
            "IncludeFilters",
            "IncludeLinkedAccountsMetrics",
            "Name",
            "OutputFormat",
            "RoleArn",
            "StatisticsConfigurations",
            "Tags",
        }
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("Name") or on.name(255))
        await self._put(on, name, wanted, Tags=tags.pairs(on.tags(wanted.get("Tags"))))
        return name

    async def _put(self, on: Provision, name: str, wanted: Doc, **more: object) -> None:
        request = {key: value for key, value in wanted.items() if key not in {"Name", "Tags"}}
        await on.call("cloudwatch", "PutMetricStream", **request, Name=name, **more)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("cloudwatch", "GetMetricStream", "ResourceNotFoundException", Name=physical_id)
        if found is None:
            return None
        read = {key: found[key] for key in (*self.honoured, "Arn", "State") if found.get(key) is not None}
        times = {key: found[key].strftime("%Y-%m-%dT%H:%M:%SZ") for key in ("CreationDate", "LastUpdateDate")}
        return {**read, **times, "Tags": tags.pairs(tags.own(await _tags(on, found["Arn"])))}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, physical_id, new)
        found = await on.call("cloudwatch", "GetMetricStream", Name=physical_id)
        await _retag(on, found["Arn"], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("cloudwatch", "DeleteMetricStream", Name=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["Name"] for one in await on.pages("cloudwatch", "ListMetricStreams", "Entries")]


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def _tags(on: Provision, arn: str) -> dict[str, str]:
    answer = await on.call("cloudwatch", "ListTagsForResource", ResourceARN=arn)
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


async def _retag(on: Provision, arn: str, new: Doc) -> None:
    put, drop = on.tag_changes(await _tags(on, arn), new.get("Tags"))
    if put:
        await on.call("cloudwatch", "TagResource", ResourceARN=arn, Tags=tags.pairs(put))
    if drop:
        await on.call("cloudwatch", "UntagResource", ResourceARN=arn, TagKeys=drop)


def _body(wanted: Doc) -> str:
    body = wanted["DashboardBody"]
    return body if isinstance(body, str) else json.dumps(body)


TYPES: tuple[ResourceType, ...] = (
    Alarm(),
    CompositeAlarm(),
    AlarmMuteRule(),
    AnomalyDetector(),
    Dashboard(),
    InsightRule(),
    MetricStream(),
)
