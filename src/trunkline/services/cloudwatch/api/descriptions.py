"""Alarms: describe them and their history."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudwatch.api.composites import described
from trunkline.services.cloudwatch.api.context import Context, alarm_resources, invalid, moment
from trunkline.services.cloudwatch.composites import child
from trunkline.services.cloudwatch.metric_data import metric
from trunkline.services.cloudwatch.model import AnyAlarm, CompositeAlarm, HistoryItem, MetricAlarm
from trunkline.services.cloudwatch.rule import name_of
from trunkline.services.cloudwatch.rule import parse as parse_rule
from trunkline.services.cloudwatch.statistics import parse
from trunkline.services.cloudwatch.store import COMPOSITES, HISTORY

_PAGE = 50
_HISTORY_PAGE = 100


class Descriptions(Context):
    @operation(alarm_resources, mutates=False)
    async def describe_alarms(self, call: Call, req: Doc) -> Doc:
        names, prefix = req.get("AlarmNames"), req.get("AlarmNamePrefix")
        if names and prefix is not None:
            raise invalid("AlarmNamePrefix and AlarmNames are mutually exclusive.")
        for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
            if member in req:
                if req.keys() - {member, "MaxRecords", "NextToken"}:
                    raise invalid(f"{member} cannot be specified with any parameters but MaxRecords and NextToken.")
                return self._relatives(call, req)
        kinds, action = req.get("AlarmTypes", ["MetricAlarm"]), req.get("ActionPrefix")
        every: list[AnyAlarm] = []
        if "MetricAlarm" in kinds:
            every += self._store.alarms(call.account, call.region)
        if "CompositeAlarm" in kinds:
            every += COMPOSITES.find(self._store.db, prefix=(call.account, call.region))
        found = [
            alarm
            for alarm in every
            if (not names or alarm.name in names)
            and (prefix is None or alarm.name.startswith(prefix))
            and req.get("StateValue", alarm.state) == alarm.state
            and (action is None or any(a.startswith(action) for a in _all_actions(alarm)))
        ]
        shown, token = _page(found, req.get("MaxRecords", _PAGE if not names else len(found) or 1), req)
        return {
            "MetricAlarms": [_described(alarm) for alarm in shown if isinstance(alarm, MetricAlarm)],
            "CompositeAlarms": [described(alarm) for alarm in shown if isinstance(alarm, CompositeAlarm)],
            "NextToken": token,
        }

    def _relatives(self, call: Call, req: Doc) -> Doc:
        """Names, ARNs and states of the alarms that a composite one names, or of those that name an alarm."""
        composites = COMPOSITES.find(self._store.db, prefix=(call.account, call.region))
        if "ChildrenOfAlarmName" in req:
            parents = [one for one in composites if one.name == req["ChildrenOfAlarmName"]]
            alarms = parse_rule(parents[0].rule).alarms if parents else []
            found = [child(self._store.db, parents[0], alarm) for alarm in alarms]
        else:
            name = req["ParentsOfAlarmName"]
            found = [one for one in composites if name in {name_of(alarm) for alarm in parse_rule(one.rule).alarms}]
        page, token = _page([one for one in found if one is not None], req.get("MaxRecords", _PAGE), req)
        shown: dict[str, list[Doc]] = {"MetricAlarms": [], "CompositeAlarms": []}
        for one in page:
            brief: Doc = {"AlarmName": one.name, "AlarmArn": one.arn}
            if "ChildrenOfAlarmName" in req:
                brief |= {"StateValue": one.state, "StateUpdatedTimestamp": moment(one.updated_ms)}
            shown[f"{type(one).__name__}s"].append(brief)
        return {**shown, "NextToken": token}

    @operation(mutates=False)
    async def describe_alarms_for_metric(self, call: Call, req: Doc) -> Doc:
        wanted = metric(call.account, call.region, req["Namespace"], req["MetricName"], req.get("Dimensions"))
        statistic = req.get("Statistic") or req.get("ExtendedStatistic")
        found = [
            alarm
            for alarm in self._store.alarms(call.account, call.region)
            if alarm.identity == wanted
            and statistic in (None, alarm.statistic)
            and req.get("Period", alarm.period_s) == alarm.period_s
            and req.get("Unit", alarm.unit) == alarm.unit
        ]
        return {"MetricAlarms": [_described(alarm) for alarm in found]}

    @operation(alarm_resources, mutates=False)
    async def describe_alarm_contributors(self, call: Call, req: Doc) -> Doc:
        """Alarms over several time series are refused when they are put, so that no alarm has contributors."""
        if self._store.any_alarm(call.account, call.region, req["AlarmName"]) is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"There is no alarm with the name {req['AlarmName']}.",
                ResourceType="Alarm",
                ResourceId=req["AlarmName"],
            )
        return {"AlarmContributors": []}

    @operation(alarm_resources, mutates=False)
    async def describe_alarm_history(self, call: Call, req: Doc) -> Doc:
        if "AlarmContributorId" in req:
            raise Refused("Trunkline's alarms have no contributors: leave AlarmContributorId out.")
        start = int(req["StartDate"].timestamp() * 1000) if "StartDate" in req else None
        end = int(req["EndDate"].timestamp() * 1000) if "EndDate" in req else None
        named = {"alarm": req["AlarmName"]} if "AlarmName" in req else {}
        found = [
            item
            for item in HISTORY.find(self._store.db, prefix=(call.account, call.region), **named)
            if (start is None or item.time_ms >= start)
            and (end is None or item.time_ms <= end)
            and req.get("HistoryItemType", item.kind) == item.kind
            and item.alarm_type in req.get("AlarmTypes", ["MetricAlarm"])
        ]
        shown, token = paging.page(
            found,
            req.get("MaxRecords", _HISTORY_PAGE),
            req.get("NextToken"),
            key=lambda item: f"{item.time_ms:014d}{item.id}",
            reverse=req.get("ScanBy", "TimestampDescending") == "TimestampDescending",
            error="InvalidNextToken",
            message=f"Invalid NextToken : {req.get('NextToken')}",
        )
        return {"AlarmHistoryItems": [_history(item) for item in shown], "NextToken": token}


def _page(found: Sequence[AnyAlarm], limit: int, req: Doc) -> tuple[list[AnyAlarm], str | None]:
    """In the order of their names. AWS's token is the name to go on from, and any text may stand for one."""
    ordered = sorted(found, key=lambda alarm: alarm.name)
    rest = [alarm for alarm in ordered if alarm.name >= req.get("NextToken", "")]
    return rest[:limit], rest[limit].name if len(rest) > limit else None


def _all_actions(alarm: AnyAlarm) -> list[str]:
    return [*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_data_actions]


def _history(item: HistoryItem) -> Doc:
    return {
        "AlarmName": item.alarm,
        "AlarmType": item.alarm_type,
        "Timestamp": moment(item.time_ms),
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }


def _described(alarm: MetricAlarm) -> Doc:
    dimensions = [{"Name": name, "Value": value} for name, value in alarm.dimensions]
    shown: Doc = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmDescription": alarm.description,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.configured_ms),
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateReasonData": alarm.reason_data,
        "StateUpdatedTimestamp": moment(alarm.updated_ms),
        "StateTransitionedTimestamp": moment(alarm.transitioned_ms),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold if alarm.threshold_query_id is None else None,
        "ThresholdMetricId": alarm.threshold_query_id,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.treat_missing,
        "EvaluateLowSampleCountPercentile": alarm.low_sample,
    }
    if alarm.queries:
        return {**shown, "Metrics": [{**query, "ReturnData": query.get("ReturnData", True)} for query in alarm.queries]}
    if alarm.query_id is not None:  # put before its queries were kept as given
        identity = {"Namespace": alarm.namespace, "MetricName": alarm.metric, "Dimensions": dimensions}
        stat = {"Metric": identity, "Period": alarm.period_s, "Stat": alarm.statistic, "Unit": alarm.unit}
        return {**shown, "Metrics": [{"Id": alarm.query_id, "MetricStat": stat, "ReturnData": True}]}
    kind = "ExtendedStatistic" if parse(alarm.statistic).values else "Statistic"
    return {
        **shown,
        "MetricName": alarm.metric,
        "Namespace": alarm.namespace,
        "Dimensions": dimensions,
        kind: alarm.statistic,
        "Period": alarm.period_s,
        "Unit": alarm.unit,
    }
