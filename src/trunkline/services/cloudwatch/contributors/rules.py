"""The rules there are, and what they find: the log events of a time range, read and added up when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from trunkline.aws import arn
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.db import Database, Table
from trunkline.services.cloudwatch.contributors.definition import Definition, parse
from trunkline.services.cloudwatch.contributors.report import METRICS, Report
from trunkline.services.cloudwatch.expressions import ExpressionError, Series, Window
from trunkline.services.cloudwatch.expressions import parse as parse_expression
from trunkline.services.cloudwatch.expressions.syntax import Text, Word, calls
from trunkline.services.cloudwatch.finding import RuleReports

FUNCTION = "INSIGHT_RULE_METRIC"
_MOST_EVENTS = 1_000_000
_PAGE = 10_000


@dataclass
class InsightRule:
    """`disabled_ms`: when it did not look; the last without an end while it is disabled."""

    account: str
    region: str
    name: str
    definition: str
    transformed: bool = False
    disabled_ms: list[tuple[int, int | None]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arn.arn("cloudwatch", self.region, self.account, f"insight-rule/{self.name}")

    @property
    def enabled(self) -> bool:
        return not self.disabled_ms or self.disabled_ms[-1][1] is not None

    def enable(self, now_ms: int) -> None:
        if not self.enabled:
            self.disabled_ms[-1] = (self.disabled_ms[-1][0], now_ms)

    def disable(self, now_ms: int) -> None:
        if self.enabled:
            self.disabled_ms.append((now_ms, None))

    def looked(self, time_ms: int) -> bool:
        return not any(start <= time_ms and (end is None or time_ms < end) for start, end in self.disabled_ms)


RULES = Table("cloudwatch_insight_rules", InsightRule, key=("account", "region", "name"))


class Rules:
    def __init__(self, kit: Kit) -> None:
        kit.db.migrate("cloudwatch_insight_rules", [RULES.ddl])
        self._kit = kit

    @property
    def db(self) -> Database:
        return self._kit.db

    async def report(self, rule: InsightRule, start_ms: int, end_ms: int, period_s: int) -> Report:
        definition = parse(rule.definition)
        report = Report(period_s * 1000)
        left = _MOST_EVENTS
        caller = Caller.service("cloudwatch.amazonaws.com", rule.account, rule.region)
        for group in await self._groups(definition.groups, caller):
            request: Doc = {"logGroupName": group, "startTime": start_ms, "endTime": end_ms - 1, "limit": _PAGE}
            while True:
                page = await self._kit.call("logs", "FilterLogEvents", request, as_=caller)
                _add(report, rule, definition, page["events"])
                left -= len(page["events"])
                if left < 0:
                    raise AwsError(
                        "InvalidParameterValueException",
                        f"There are more than {_MOST_EVENTS:,} log events in this range: shorten it.",
                    )
                if not page.get("nextToken"):
                    break
                request["nextToken"] = page["nextToken"]
                await asyncio.sleep(0)  # requests come first
        return report

    async def metrics(
        self, account: str, region: str, queries: Sequence[Doc], start_ms: int, end_ms: int, period_s: int
    ) -> RuleReports:
        """For metric math: what every INSIGHT_RULE_METRIC(rule, metric) of these queries stands for."""
        reports: dict[str, Report] = {}
        found: dict[tuple[str, str], Callable[[Window], Series]] = {}
        for name, metric in {one for query in queries for one in _asked(query.get("Expression", ""))}:
            rule = RULES.get(self.db, account, region, name)
            if rule is None or metric not in METRICS:
                continue  # evaluating the expression says so
            if name not in reports:
                reports[name] = await self.report(rule, start_ms, end_ms, period_s)
            found[name, metric] = _series_of(reports[name].metric(metric), f"{name} {metric}")
        return found

    async def _groups(self, patterns: Sequence[str], caller: Caller) -> list[str]:
        """The log groups there are of those that a rule names."""
        found: dict[str, None] = {}
        for pattern in patterns:
            prefix = pattern.removesuffix("*")
            asked = {"logGroupNamePrefix": prefix} if prefix else {}
            for group in await self._kit.call.pages("logs", "DescribeLogGroups", "logGroups", asked, as_=caller):
                if pattern.endswith("*") or group["logGroupName"] == pattern:
                    found[group["logGroupName"]] = None
        return list(found)


def _asked(expression: str) -> Iterator[tuple[str, str]]:
    if FUNCTION not in expression:
        return
    try:
        parsed = parse_expression(expression)
    except (ExpressionError, RecursionError):
        return  # evaluating it says why
    for call in calls(parsed, FUNCTION):
        names = [one.value for one in call.arguments if isinstance(one, Text | Word)]
        if len(names) == 2:
            yield names[0], names[1]


def _series_of(points: dict[int, float], label: str) -> Callable[[Window], Series]:
    return lambda window: Series(window, label=label).of(points)


def _add(report: Report, rule: InsightRule, definition: Definition, events: Sequence[Doc]) -> None:
    for event in events:
        found = definition.contribution(event["message"])
        if found is not None and rule.looked(event["timestamp"]):
            report.add(event["timestamp"], *found)
