"""Sampling as SDKs poll it, through boto3."""

import secrets
import time

import pytest
from tests.api.xray.test_groups_and_rules import rule


@pytest.fixture
def xray(aws, name):
    return aws("xray", region=f"eu-{name[-6:]}-1")


def client():
    return secrets.token_hex(12)


def report(xray, named, who, *, requests=10, sampled=1, **more):
    document = {
        "RuleName": named,
        "ClientID": who,
        "Timestamp": time.time(),
        "RequestCount": requests,
        "SampledCount": sampled,
        "BorrowCount": 1,
    }
    return xray.get_sampling_targets(SamplingStatisticsDocuments=[document], **more)


def test_clients_share_the_reservoir_of_a_rule(xray):
    xray.create_sampling_rule(SamplingRule=rule("shared", ReservoirSize=7))
    clients = sorted(client() for _ in range(3))
    (alone,) = report(xray, "shared", clients[0])["SamplingTargetDocuments"]
    assert (alone["ReservoirQuota"], alone["FixedRate"], alone["Interval"]) == (7, 0.5, 10)
    assert 0 < alone["ReservoirQuotaTTL"].timestamp() - time.time() < 60
    for _ in range(2):
        quotas = [report(xray, "shared", one)["SamplingTargetDocuments"][0]["ReservoirQuota"] for one in clients]
    assert quotas == [3, 2, 2]


def test_everybody_has_the_default_rule(xray):
    answer = report(xray, "Default", client())
    (target,) = answer["SamplingTargetDocuments"]
    assert (target["RuleName"], target["FixedRate"], target["ReservoirQuota"]) == ("Default", 0.05, 1)
    assert answer["LastRuleModification"].timestamp() == 0


def test_unknown_rules_and_impossible_counts_are_not_processed(xray):
    (unknown,) = report(xray, "gone", client())["UnprocessedStatistics"]
    assert (unknown["RuleName"], unknown["ErrorCode"]) == ("gone", "400")
    (wrong,) = report(xray, "Default", client(), requests=1, sampled=2)["UnprocessedStatistics"]
    assert wrong["RuleName"] == "Default"


def test_changed_rules_are_told(xray):
    def changed():
        return report(xray, "Default", client())["LastRuleModification"].timestamp()

    before = time.time() - 1
    xray.create_sampling_rule(SamplingRule=rule("one"))
    first = changed()
    assert first >= before
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "one", "FixedRate": 0.1})
    second = changed()
    xray.delete_sampling_rule(RuleName="one")
    assert first <= second <= changed()


def test_what_was_sampled_lately_is_summed_up(xray):
    for _ in range(2):
        report(xray, "Default", client(), requests=5, sampled=2)
    pages = xray.get_paginator("get_sampling_statistic_summaries").paginate()
    found = [one for page in pages for one in page["SamplingStatisticSummaries"]]
    assert {one["RuleName"] for one in found} == {"Default"}
    assert sum(one["RequestCount"] for one in found) == 10
    assert (sum(one["SampledCount"] for one in found), sum(one["BorrowCount"] for one in found)) == (4, 2)


def test_missed_anomalies_boost_the_rate_once_in_a_while(xray):
    boost = {"MaxRate": 0.8, "CooldownWindowMinutes": 10}
    xray.create_sampling_rule(SamplingRule=rule("boosted", FixedRate=0.1, SamplingRateBoost=boost))

    def ask(named, anomalies, sampled):
        document = {
            "RuleName": named,
            "ServiceName": "web",
            "Timestamp": time.time(),
            "AnomalyCount": anomalies,
            "TotalCount": 100,
            "SampledAnomalyCount": sampled,
        }
        return report(xray, named, client(), SamplingBoostStatisticsDocuments=[document])

    assert "SamplingBoost" not in ask("boosted", 5, 5)["SamplingTargetDocuments"][0]
    given = ask("boosted", 30, 10)["SamplingTargetDocuments"][0]["SamplingBoost"]
    assert given["BoostRate"] == pytest.approx(0.3)
    assert given["BoostRateTTL"].timestamp() > time.time()
    again = ask("boosted", 100, 0)["SamplingTargetDocuments"][0]["SamplingBoost"]
    assert again["BoostRate"] == pytest.approx(0.3)
    assert ask("Default", 1, 0)["UnprocessedBoostStatistics"][0]["RuleName"] == "Default"
