"""Contributor Insights through boto3: rules over log events, reports of who contributes most.

The definitions are after https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
START, END = NOW - timedelta(minutes=10), NOW


def definition(group, **more):
    rule = {
        "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
        "LogGroupNames": [group],
        "LogFormat": "JSON",
        "Contribution": {"Keys": ["$.ip", "$.user.name"], "Filters": []},
        "AggregateOn": "Count",
    }
    return json.dumps({**rule, **more})


@pytest.fixture
def requests(aws, name):
    """Requests of three clients: a 3 × 100 bytes, b 2 × 400, c 1 × 50."""
    logs = aws("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="web")
    who = [("a", 100)] * 3 + [("b", 400)] * 2 + [("c", 50)]
    lines = [json.dumps({"ip": f"10.0.0.{ip}", "user": {"name": ip}, "bytes": size}) for ip, size in who]
    at_ms = int((START + timedelta(minutes=2)).timestamp() * 1000)
    events = [{"timestamp": at_ms + 60_000 * place, "message": line} for place, line in enumerate([*lines, "no JSON"])]
    logs.put_log_events(logGroupName=name, logStreamName="web", logEvents=events)
    yield name
    logs.delete_log_group(logGroupName=name)


def report(cloudwatch, name, **more):
    return cloudwatch.get_insight_rule_report(RuleName=name, StartTime=START, EndTime=END, Period=600, **more)


def test_a_report_tells_who_contributes_most(cloudwatch, requests):
    cloudwatch.put_insight_rule(RuleName=requests, RuleDefinition=definition(requests))
    found = report(cloudwatch, requests, MaxContributorCount=2, Metrics=["UniqueContributors", "Sum"])
    assert (found["KeyLabels"], found["AggregationStatistic"]) == (["$.ip", "$.user.name"], "SampleCount")
    assert (found["AggregateValue"], found["ApproximateUniqueCount"]) == (6, 3)
    ranked = [(one["Keys"], one["ApproximateAggregateValue"]) for one in found["Contributors"]]
    assert ranked == [(["10.0.0.a", "a"], 3), (["10.0.0.b", "b"], 2)]
    assert sum(point["Sum"] for point in found["MetricDatapoints"]) == 6
    cloudwatch.delete_insight_rules(RuleNames=[requests])


def test_amounts_add_up_and_filters_choose(cloudwatch, requests):
    contribution = {
        "Keys": ["$.ip"],
        "ValueOf": "$.bytes",
        "Filters": [{"Match": "$.user.name", "NotIn": ["c"]}, {"Match": "$.bytes", "GreaterThan": 60}],
    }
    rule = definition(f"{requests[:8]}*", Contribution=contribution, AggregateOn="Sum")
    cloudwatch.put_insight_rule(RuleName=requests, RuleDefinition=rule)
    found = report(cloudwatch, requests, OrderBy="Maximum")
    ranked = [(one["Keys"], one["ApproximateAggregateValue"]) for one in found["Contributors"]]
    assert ranked == [(["10.0.0.b"], 800), (["10.0.0.a"], 300)]
    cloudwatch.delete_insight_rules(RuleNames=[requests])


def test_metric_math_goes_on_with_a_rule(cloudwatch, requests):
    cloudwatch.put_insight_rule(RuleName=requests, RuleDefinition=definition(requests))
    query = {"Id": "e1", "Expression": f'INSIGHT_RULE_METRIC("{requests}", "UniqueContributors")', "Period": 3600}
    found = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=START, EndTime=END)
    assert max(found["MetricDataResults"][0]["Values"]) == 3
    cloudwatch.delete_insight_rules(RuleNames=[requests])
    with pytest.raises(ClientError, match="no Contributor Insights rule"):
        cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=START, EndTime=END)


def test_rules_are_switched_and_what_is_missing_is_told(cloudwatch, name):
    cloudwatch.put_insight_rule(RuleName=name, RuleDefinition=definition(name), RuleState="DISABLED")
    assert cloudwatch.enable_insight_rules(RuleNames=[name])["Failures"] == []
    [failure] = cloudwatch.disable_insight_rules(RuleNames=[name, f"{name}-not"])["Failures"]
    assert failure["ExceptionType"] == "ResourceNotFoundException"
    [rule] = [one for one in cloudwatch.describe_insight_rules()["InsightRules"] if one["Name"] == name]
    assert (rule["State"], rule["Definition"]) == ("DISABLED", definition(name))
    arn = f"arn:aws:cloudwatch:us-east-1:000000000000:insight-rule/{name}"
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "web"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "web"}]
    cloudwatch.delete_insight_rules(RuleNames=[name])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        report(cloudwatch, name)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"Schema": "CloudWatchLogRule"}, "Schema"),
        ({"LogGroupNames": []}, "LogGroupNames"),
        ({"LogFormat": "XML"}, "JSON or CLF"),
        ({"AggregateOn": "Sum"}, "ValueOf"),
        ({"Contribution": {"Keys": []}}, "1 to 4"),
        ({"Contribution": {"Keys": ["$.a"], "Filters": [{"Match": "$.a", "Like": "x"}]}}, "exactly one of"),
        ({"Contribution": {"Keys": ["$.a"], "Filters": [{"Match": "$.a", "In": "x"}]}}, "list of 1 to 10"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(cloudwatch, name, change, complaint):
    with pytest.raises(ClientError, match=complaint) as refused:
        cloudwatch.put_insight_rule(RuleName=name, RuleDefinition=definition(name, **change))
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_managed_rules_are_refused_by_name(cloudwatch):
    managed = {"TemplateName": "DynamoDBContributorInsights-PKC-1", "ResourceARN": "arn:aws:dynamodb:::table/t"}
    with pytest.raises(ClientError, match="no managed Contributor Insights rules"):
        cloudwatch.put_managed_insight_rules(ManagedRules=[managed])
