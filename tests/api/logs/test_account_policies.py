"""Account policies: data protection, subscriptions, transformers and field indexes for all log groups."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.api.logs.test_data_protection import MANAGED, policy
from tests.support.log_events import code, events, texts


@pytest.fixture
def elsewhere(server):
    """Logs in a region of its own: an account policy is for every group there."""
    return server.client("logs", region="eu-north-1")


@pytest.fixture
def stream(elsewhere, name):
    elsewhere.create_log_group(logGroupName=name)
    elsewhere.create_log_stream(logGroupName=name, logStreamName="s")
    return {"logGroupName": name, "logStreamName": "s"}


def test_data_protection_of_the_account_masks_every_group(elsewhere, stream):
    kind = "DATA_PROTECTION_POLICY"
    put = elsewhere.put_account_policy(
        policyName="all", policyType=kind, policyDocument=policy(f"{MANAGED}EmailAddress"), scope="ALL"
    )["accountPolicy"]
    assert put["policyName"] == "all" and put["scope"] == "ALL" and put["accountId"] == "000000000000"
    own = policy("Id", custom={"Id": "ID[0-9]+"})
    elsewhere.put_data_protection_policy(logGroupIdentifier=stream["logGroupName"], policyDocument=own)
    elsewhere.put_log_events(**stream, logEvents=events("a@b.com is ID77"))
    assert texts(elsewhere.get_log_events(**stream)) == ["******* is ****"]
    described = elsewhere.describe_log_groups(logGroupNamePrefix=stream["logGroupName"])["logGroups"][0]
    assert described["inheritedProperties"] == ["ACCOUNT_DATA_PROTECTION"]
    with pytest.raises(ClientError) as error:
        elsewhere.put_account_policy(policyName="two", policyType=kind, policyDocument=own)
    assert code(error) == "LimitExceededException"
    assert len(elsewhere.describe_account_policies(policyType=kind)["accountPolicies"]) == 1
    elsewhere.delete_account_policy(policyName="all", policyType=kind)
    assert elsewhere.describe_account_policies(policyType=kind)["accountPolicies"] == []
    with pytest.raises(ClientError) as error:
        elsewhere.delete_account_policy(policyName="all", policyType=kind)
    assert code(error) == "ResourceNotFoundException"


def test_a_transformer_of_the_account_is_for_groups_of_a_prefix(server, elsewhere, stream, name):
    kind, pipeline = (
        "TRANSFORMER_POLICY",
        [{"parseKeyValue": {}}, {"typeConverter": {"entries": [{"key": "a", "type": "integer"}]}}],
    )
    elsewhere.put_account_policy(
        policyName=name,
        policyType=kind,
        policyDocument=json.dumps(pipeline),
        selectionCriteria=f'LogGroupNamePrefix = "{name}"',
    )
    elsewhere.put_metric_filter(
        logGroupName=stream["logGroupName"],
        filterName="f",
        filterPattern="{ $.a = 1 }",
        applyOnTransformedLogs=True,
        metricTransformations=[{"metricName": "m", "metricNamespace": name, "metricValue": "1"}],
    )
    elsewhere.put_log_events(**stream, logEvents=events("a=1&b=2"))
    metrics = server.client("cloudwatch", region="eu-north-1").list_metrics(Namespace=name)["Metrics"]
    assert [metric["MetricName"] for metric in metrics] == ["m"]
    elsewhere.delete_account_policy(policyName=name, policyType=kind)


def test_field_indexes_of_the_account_stand_in_for_those_of_a_group(elsewhere, stream, name):
    kind, group = "FIELD_INDEX_POLICY", stream["logGroupName"]
    document = json.dumps({"Fields": ["requestId"]})
    elsewhere.put_account_policy(
        policyName=name, policyType=kind, policyDocument=document, selectionCriteria=f'LogGroupNamePrefix = "{name}"'
    )
    [found] = elsewhere.describe_index_policies(logGroupIdentifiers=[group])["indexPolicies"]
    assert (found["source"], found["policyName"], found["policyDocument"]) == ("ACCOUNT", name, document)
    own = json.dumps({"Fields": ["sessionId"]})
    elsewhere.put_index_policy(logGroupIdentifier=group, policyDocument=own)
    [found] = elsewhere.describe_index_policies(logGroupIdentifiers=[group])["indexPolicies"]
    assert (found["source"], found["policyDocument"]) == ("LOG_GROUP", own)
    elsewhere.delete_account_policy(policyName=name, policyType=kind)


def test_refuses_account_policies_that_are_none(elsewhere):
    for kind, document, more in (
        ("TRANSFORMER_POLICY", "{}", {}),
        ("TRANSFORMER_POLICY", '[{"parseJSON": 5}]', {}),
        ("TRANSFORMER_POLICY", '[{"grok": {}}]', {}),
        ("TRANSFORMER_POLICY", '[{"parseJSON": {}}]', {"selectionCriteria": 'LogGroupName NOT IN ["a"]'}),
        ("SUBSCRIPTION_FILTER_POLICY", '{"FilterPattern": ""}', {}),
        ("SUBSCRIPTION_FILTER_POLICY", '{"DestinationArn": "arn:aws:lambda:eu-north-1:000000000000:function:no"}', {}),
        ("FIELD_INDEX_POLICY", '{"Fields": []}', {}),
        ("DATA_PROTECTION_POLICY", "{}", {}),
    ):
        with pytest.raises(ClientError) as error:
            elsewhere.put_account_policy(policyName="p", policyType=kind, policyDocument=document, **more)
        assert code(error) == "InvalidParameterException", (kind, document)
