"""What SDKs ask for while they sample: targets; and what they sampled lately."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context
from trunkline.services.xray.model import DEFAULT, SamplingRule, default_rule

_PAGE = 100


class SamplingTargets(Context):
    @operation()
    async def get_sampling_targets(self, call: Call, req: Doc) -> Doc:
        now = self._clock.time()
        rules = self._rules(call)
        targets: dict[str, Doc] = {}
        unprocessed: list[Doc] = []
        for given in req["SamplingStatisticsDocuments"]:
            rule = rules.get(given["RuleName"])
            if rule is None:
                unprocessed.append(_unprocessed(given, "There is no such sampling rule."))
            elif given["SampledCount"] > given["RequestCount"]:
                unprocessed.append(_unprocessed(given, "More requests were sampled than there were."))
            else:
                target = self._quotas.report(rule, given, now)
                target["ReservoirQuotaTTL"] = _moment(target["ReservoirQuotaTTL"])
                targets[rule.name] = target
        unboosted: list[Doc] = []
        for given in req.get("SamplingBoostStatisticsDocuments", []):
            rule = rules.get(given["RuleName"])
            if rule is None or "SamplingRateBoost" not in rule.rule:
                unboosted.append(_unprocessed(given, "There is no such sampling rule with a boost."))
            elif boost := self._quotas.boost(rule, given, now):
                target = targets.setdefault(rule.name, {"RuleName": rule.name, "FixedRate": rule.rule["FixedRate"]})
                target["SamplingBoost"] = {**boost, "BoostRateTTL": _moment(boost["BoostRateTTL"])}
        return {
            "SamplingTargetDocuments": list(targets.values()),
            "LastRuleModification": _moment(store.config(self._db, call.account, call.region).rules_changed),
            "UnprocessedStatistics": unprocessed,
            "UnprocessedBoostStatistics": unboosted,
        }

    @operation()
    async def get_sampling_statistic_summaries(self, call: Call, req: Doc) -> Doc:
        found = [one for rule in self._rules(call).values() for one in self._quotas.summaries(rule)]
        shown, token = paging.page(
            found,
            _PAGE,
            req.get("NextToken"),
            key=lambda one: f"{one['RuleName']} {one['Timestamp']:.0f}",
            error="InvalidRequestException",
        )
        told = [{**one, "Timestamp": _moment(one["Timestamp"])} for one in shown]
        return {"SamplingStatisticSummaries": told, "NextToken": token}

    def _rules(self, call: Call) -> dict[str, SamplingRule]:
        found = store.RULES.find(self._db, prefix=(call.account, call.region))
        return {DEFAULT: default_rule(call.account, call.region)} | {one.name: one for one in found}


def _unprocessed(given: Doc, why: str) -> Doc:
    return {"RuleName": given["RuleName"], "ErrorCode": "400", "Message": why}


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
