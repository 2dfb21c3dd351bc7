"""Contributor Insights: rules, and reports of who contributed most."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.cloudwatch.api.context import Context, check_period, invalid_value, milliseconds, moment
from trunkline.services.cloudwatch.contributors import METRICS, BadRule, InsightRule, parse
from trunkline.services.cloudwatch.contributors.rules import RULES

_PAGE = 500
_MOST_RULES = 100
_LONGEST_MS = 86_400_000
_MOST_CONTRIBUTORS = 100


def _resource(call: Call, req: Doc) -> list[str]:
    names = req.get("RuleNames") or [req.get("RuleName", "*")]
    return [call.arn(f"insight-rule/{name}") for name in names]


class InsightRules(Context):
    @operation(_resource)
    async def put_insight_rule(self, call: Call, req: Doc) -> Doc:
        state = req.get("RuleState", "ENABLED")
        if state not in {"ENABLED", "DISABLED"}:
            raise invalid_value("The parameter RuleState must be ENABLED or DISABLED.")
        try:
            parse(req["RuleDefinition"])
        except BadRule as error:
            raise invalid_value(f"The parameter RuleDefinition is invalid: {error}.") from None
        added = tags.normalise(req.get("Tags"), error="InvalidParameterValueException")
        now_ms = self._now_ms()

        def work(tx: Tx) -> None:
            old = RULES.get(tx, call.account, call.region, req["RuleName"])
            if old is None and len(RULES.find(tx, prefix=(call.account, call.region))) >= _MOST_RULES:
                raise AwsError("LimitExceededException", f"There are already {_MOST_RULES} rules in this Region.")
            rule = old or InsightRule(call.account, call.region, req["RuleName"], "", tags=added)
            rule.definition = req["RuleDefinition"]
            rule.transformed = req.get("ApplyOnTransformedLogs", False)
            (rule.enable if state == "ENABLED" else rule.disable)(now_ms)
            RULES.put(tx, rule)

        await self._store.db.write(work)
        return {}

    @operation()
    async def describe_insight_rules(self, call: Call, req: Doc) -> Doc:
        shown, token = paging.page(
            RULES.find(self._store.db, prefix=(call.account, call.region)),
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda rule: rule.name,
            error="InvalidNextToken",
        )
        return {
            "InsightRules": [
                {
                    "Name": rule.name,
                    "State": "ENABLED" if rule.enabled else "DISABLED",
                    "Schema": '{"Name" : "CloudWatchLogRule", "Version" : 1}',
                    "Definition": rule.definition,
                    "ManagedRule": False,
                    "ApplyOnTransformedLogs": rule.transformed,
                }
                for rule in shown
            ],
            "NextToken": token,
        }

    @operation(_resource)
    async def enable_insight_rules(self, call: Call, req: Doc) -> Doc:
        return await self._each(call, req["RuleNames"], lambda tx, rule: self._switch(tx, rule, on=True))

    @operation(_resource)
    async def disable_insight_rules(self, call: Call, req: Doc) -> Doc:
        return await self._each(call, req["RuleNames"], lambda tx, rule: self._switch(tx, rule, on=False))

    @operation(_resource)
    async def delete_insight_rules(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx, rule: InsightRule) -> None:
            RULES.delete(tx, rule.account, rule.region, rule.name)

        return await self._each(call, req["RuleNames"], delete)

    def _switch(self, tx: Tx, rule: InsightRule, *, on: bool) -> None:
        (rule.enable if on else rule.disable)(self._now_ms())
        RULES.put(tx, rule)

    async def _each(self, call: Call, names: list[str], change: Callable[[Tx, InsightRule], None]) -> Doc:
        """Change those that are there; tell of those that are not."""

        def work(tx: Tx) -> list[str]:
            missing = []
            for name in dict.fromkeys(names):
                rule = RULES.get(tx, call.account, call.region, name)
                if rule is None:
                    missing.append(name)
                else:
                    change(tx, rule)
            return missing

        missing = await self._store.db.write(work)
        return {
            "Failures": [
                {
                    "FailureResource": name,
                    "ExceptionType": "ResourceNotFoundException",
                    "FailureCode": "404",
                    "FailureDescription": f"Insight rule {name} does not exist",
                }
                for name in missing
            ]
        }

    @operation(_resource)
    async def get_insight_rule_report(self, call: Call, req: Doc) -> Doc:
        rule = RULES.get(self._store.db, call.account, call.region, req["RuleName"])
        if rule is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"Insight rule {req['RuleName']} does not exist",
                ResourceType="InsightRule",
                ResourceId=req["RuleName"],
            )
        start_ms, end_ms, period_s = milliseconds(req["StartTime"]), milliseconds(req["EndTime"]), req["Period"]
        check_period(period_s)
        if start_ms >= end_ms:
            raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
        if end_ms - start_ms > _LONGEST_MS:
            raise invalid_value("The time range of a report must not be longer than 24 hours.")
        metrics, order = req.get("Metrics", []), req.get("OrderBy", "Sum")
        if unknown := [name for name in metrics if name not in METRICS]:
            raise invalid_value(f"The value {unknown[0]} for parameter Metrics is not one of {', '.join(METRICS)}.")
        if order not in {"Sum", "Maximum"}:
            raise invalid_value("The parameter OrderBy must be Sum or Maximum.")
        most = req.get("MaxContributorCount", 10)
        if not 1 <= most <= _MOST_CONTRIBUTORS:
            raise invalid_value(f"The parameter MaxContributorCount must be from 1 to {_MOST_CONTRIBUTORS}.")
        report = await self._rules.report(rule, start_ms, end_ms, period_s)
        definition, contributors = parse(rule.definition), report.contributors(order)
        by_metric = {name: report.metric(name) for name in metrics}
        return {
            "KeyLabels": list(definition.keys),
            "AggregationStatistic": "Sum" if definition.value is not None else "SampleCount",
            "AggregateValue": report.total,
            "ApproximateUniqueCount": len(contributors),
            "Contributors": [
                {
                    "Keys": list(keys),
                    "ApproximateAggregateValue": total,
                    "Datapoints": [
                        {"Timestamp": moment(at), "ApproximateValue": amount} for at, amount in points.items()
                    ],
                }
                for keys, total, points in contributors[:most]
            ],
            "MetricDatapoints": [
                {"Timestamp": moment(at), **{name: points[at] for name, points in by_metric.items()}}
                for at in sorted(report.periods)
            ]
            if metrics
            else [],
        }

    @operation()
    async def put_managed_insight_rules(self, call: Call, req: Doc) -> Doc:
        raise Refused("Trunkline has no managed Contributor Insights rules: put the rule with PutInsightRule.")
