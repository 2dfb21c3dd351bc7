"""X-Ray's groups and sampling rules through boto3."""

import time
import uuid

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def xray(aws):
    return aws("xray")


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value


def rule(name, **more):
    return {
        "RuleName": name,
        "ResourceARN": "*",
        "Priority": 5,
        "FixedRate": 0.5,
        "ReservoirSize": 2,
        "ServiceName": "*",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "Version": 1,
        **more,
    }


def test_groups(xray, name):
    group = name[:32]
    made = xray.create_group(GroupName=group, FilterExpression="fault", Tags=[{"Key": "a", "Value": "b"}])["Group"]
    assert made["InsightsConfiguration"] == {"InsightsEnabled": False, "NotificationsEnabled": False}
    refused("InvalidRequestException", xray.create_group, GroupName=group)
    refused("InvalidRequestException", xray.create_group, GroupName="Default")
    arn = made["GroupARN"]
    assert xray.get_group(GroupARN=arn)["Group"]["GroupName"] == group
    assert arn in [one["GroupARN"] for one in xray.get_groups()["Groups"]]
    notify = {"NotificationsEnabled": True}
    refused("InvalidRequestException", xray.update_group, GroupName=group, InsightsConfiguration=notify)
    insights = {"InsightsEnabled": True, **notify}
    changed = xray.update_group(GroupName=group, FilterExpression="error", InsightsConfiguration=insights)["Group"]
    assert (changed["FilterExpression"], changed["InsightsConfiguration"]) == ("error", insights)
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": "d"}])
    xray.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    xray.delete_group(GroupName=group)
    refused("InvalidRequestException", xray.get_group, GroupName=group)
    refused("ResourceNotFoundException", xray.list_tags_for_resource, ResourceARN=arn)


def test_everybody_has_the_default_group(aws, name):
    xray = aws("xray", region=f"eu-{name[-6:]}-1")
    (default,) = xray.get_groups()["Groups"]
    assert (default["GroupName"], default["GroupARN"].rpartition(":")[2]) == ("Default", "group/Default")
    insights = {"InsightsEnabled": True, "NotificationsEnabled": True}
    changed = xray.update_group(GroupName="Default", InsightsConfiguration=insights)["Group"]
    assert changed["InsightsConfiguration"] == insights
    assert [one["InsightsConfiguration"] for one in xray.get_groups()["Groups"]] == [insights]
    refused("InvalidRequestException", xray.update_group, GroupName="Default", FilterExpression="fault")
    refused("InvalidRequestException", xray.delete_group, GroupName="Default")


def test_a_group_without_incidents_has_no_insights(aws, name):
    xray = aws("xray", region=f"eu-{name[-6:]}-1")
    now = time.time()
    hour = {"StartTime": now - 3600, "EndTime": now}
    assert xray.get_insight_summaries(GroupName="Default", **hour)["InsightSummaries"] == []
    refused("InvalidRequestException", xray.get_insight_summaries, GroupName="nobody", **hour)
    refused("InvalidRequestException", xray.get_insight_summaries, **hour)
    old = {"StartTime": now - 40 * 86_400, "EndTime": now - 35 * 86_400}
    refused("InvalidRequestException", xray.get_insight_summaries, GroupName="Default", **old)
    unknown = {"InsightId": str(uuid.uuid4())}
    refused("InvalidRequestException", xray.get_insight, **unknown)
    refused("InvalidRequestException", xray.get_insight_events, **unknown)
    refused("InvalidRequestException", xray.get_insight_impact_graph, **unknown, **hour)


def test_sampling_rules(xray, name):
    named = name[:32]
    made = xray.create_sampling_rule(SamplingRule=rule(named))["SamplingRuleRecord"]["SamplingRule"]
    refused("InvalidRequestException", xray.create_sampling_rule, SamplingRule=rule(named))
    refused("InvalidRequestException", xray.create_sampling_rule, SamplingRule=rule(f"{named[:20]}-v", Version=2))
    listed = {one["SamplingRule"]["RuleName"]: one for one in xray.get_sampling_rules()["SamplingRuleRecords"]}
    assert listed["Default"]["SamplingRule"]["FixedRate"] == 0.05 and listed[named]["SamplingRule"] == made
    changed = xray.update_sampling_rule(SamplingRuleUpdate={"RuleARN": made["RuleARN"], "FixedRate": 0.25})
    assert changed["SamplingRuleRecord"]["SamplingRule"]["FixedRate"] == 0.25
    default = {"RuleName": "Default", "Host": "x"}
    refused("InvalidRequestException", xray.update_sampling_rule, SamplingRuleUpdate=default)
    refused("InvalidRequestException", xray.delete_sampling_rule, RuleName="Default")
    xray.delete_sampling_rule(RuleName=named)
    refused("InvalidRequestException", xray.delete_sampling_rule, RuleName=named)
