"""Finding log groups; resource policies of the account and of groups."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.log_events import code, message, texts
from tests.support.server import wait_until


def test_groups_are_listed_by_patterns_classes_and_tags(logs, name):
    for suffix, tags in (("web-one", {"stage": "prod-eu"}), ("web-two", {"stage": "dev"}), ("db", {"team": "x"})):
        logs.create_log_group(logGroupName=f"{name}/{suffix}", tags=tags)
    logs.create_log_group(logGroupName=f"{name}/rare", logGroupClass="INFREQUENT_ACCESS")

    def listed(**request):
        groups = logs.list_log_groups(limit=1000, **request)["logGroups"]
        return [one["logGroupName"].removeprefix(f"{name}/") for one in groups if one["logGroupName"].startswith(name)]

    assert listed(logGroupNamePattern=f"^{name}") == ["db", "rare", "web-one", "web-two"]
    assert listed(logGroupNamePattern="web-one|/rare") == ["rare", "web-one"]
    assert listed(logGroupClass="INFREQUENT_ACCESS") == ["rare"]
    assert listed(logGroupTags=[{"key": "stage"}]) == ["web-one", "web-two"]
    assert listed(logGroupTags=[{"key": "stage", "values": ["prod*"]}]) == ["web-one"]
    assert listed(logGroupTags=[{"key": "stage", "values": ["!dev"]}]) == ["web-one"]
    assert listed(includeLinkedAccounts=True, accountIdentifiers=["111111111111"]) == []
    first = logs.list_log_groups(limit=1)
    assert len(first["logGroups"]) == 1 and first["nextToken"]
    described = logs.describe_log_groups(logGroupIdentifiers=[f"{name}/db"])["logGroups"]
    assert [one["logGroupName"] for one in described] == [f"{name}/db"]
    with pytest.raises(ClientError) as error:
        logs.describe_log_groups(logGroupIdentifiers=[f"{name}/db"], logGroupNamePrefix="x")
    assert code(error) == "InvalidParameterException"


def test_an_arn_of_elsewhere_is_not_a_group_of_here(logs, stream):
    group = stream["logGroupName"]
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    assert logs.get_log_events(logGroupIdentifier=arn, logStreamName="s")["events"] == []
    for foreign in (arn.replace("us-east-1", "us-west-2"), arn.replace("000000000000", "111111111111")):
        with pytest.raises(ClientError) as error:
            logs.get_log_events(logGroupIdentifier=foreign, logStreamName="s")
        assert code(error) == "ResourceNotFoundException"


def statement(effect: str) -> str:
    principal = {"Service": "events.amazonaws.com"}
    said = {"Effect": effect, "Principal": principal, "Action": "logs:PutLogEvents", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def test_a_resource_policy_of_the_account_has_a_name_and_a_revision(logs, name):
    put = logs.put_resource_policy(policyName=name, policyDocument=statement("Allow"))
    assert put["resourcePolicy"]["policyDocument"] == statement("Allow")
    assert put["resourcePolicy"]["policyScope"] == "ACCOUNT"
    with pytest.raises(ClientError) as error:
        logs.put_resource_policy(policyName=name, policyDocument=statement("Deny"), expectedRevisionId="stale")
    assert code(error) == "OperationAbortedException"
    logs.put_resource_policy(policyName=name, policyDocument=statement("Deny"), expectedRevisionId=put["revisionId"])
    listed = logs.describe_resource_policies()["resourcePolicies"]
    assert [one["policyDocument"] for one in listed if one["policyName"] == name] == [statement("Deny")]
    logs.delete_resource_policy(policyName=name)
    with pytest.raises(ClientError) as error:
        logs.delete_resource_policy(policyName=name)
    assert message(error) == f"Policy with name [{name}] does not exist."
    with pytest.raises(ClientError) as error:
        logs.put_resource_policy(policyDocument=statement("Allow"))
    assert message(error) == "PutResourcePolicy request must contain policy name or resource arn."


def test_a_resource_policy_of_a_group_is_changed_by_its_revision(logs, group):
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    assert logs.put_resource_policy(resourceArn=arn, policyDocument=statement("Allow"))["revisionId"] == "1"
    for more, error_code in (
        ({}, "OperationAbortedException"),
        ({"expectedRevisionId": "7"}, "InvalidParameterException"),
    ):
        with pytest.raises(ClientError) as error:
            logs.put_resource_policy(resourceArn=arn, policyDocument=statement("Allow"), **more)
        assert code(error) == error_code
    logs.put_resource_policy(resourceArn=arn, policyDocument=statement("Deny"), expectedRevisionId="1")
    found = logs.describe_resource_policies(resourceArn=arn)["resourcePolicies"]
    assert [(one["revisionId"], one["policyScope"], one["resourceArn"]) for one in found] == [("2", "RESOURCE", arn)]
    logs.delete_resource_policy(resourceArn=arn, expectedRevisionId="2")
    assert logs.describe_resource_policies(resourceArn=arn)["resourcePolicies"] == []


def test_a_service_that_is_denied_cannot_write(aws, logs, group, name):
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    logs.put_resource_policy(resourceArn=arn, policyDocument=statement("Deny"))
    free = f"{name}-free"
    logs.create_log_group(logGroupName=free)
    rules = aws("events")
    rules.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    rules.put_targets(
        Rule=name, Targets=[{"Id": "denied", "Arn": arn}, {"Id": "free", "Arn": arn.replace(group, free)}]
    )
    rules.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": "{}"}])
    wait_until(lambda: texts(logs.filter_log_events(logGroupName=free)), what="the event")
    assert texts(logs.filter_log_events(logGroupName=group)) == []
