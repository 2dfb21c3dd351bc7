"""Field indexes, and filterIndex that reads only the groups that have one."""

import json

import pytest


def test_filter_index_reads_indexed_groups_only(site):
    other = f"{site.group}-plain"
    site.logs.create_log_group(logGroupName=other)
    policy = site.logs.put_index_policy(
        logGroupIdentifier=site.group,
        policyDocument=json.dumps({"Fields": ["requestId"], "FieldsV2": {"status": {"type": "FACET"}}}),
    )["indexPolicy"]
    assert policy["source"] == "LOG_GROUP"
    for group in (site.group, other):
        site.put({"requestId": "r1"}, {"requestId": "r2"}, group=group)
    groups = [site.group, other]
    query = site.start("filterIndex requestId = 'r1' | fields @log", logGroupNames=groups)
    assert len(site.ended(query)["results"]) == 1
    assert site.logs.list_log_groups_for_query(queryId=query)["logGroupIdentifiers"] == [site.group]
    assert len(site.ask("filter requestId = 'r1' | fields @log", logGroupNames=groups)) == 2
    site.logs.delete_log_group(logGroupName=other)


def test_where_no_group_is_indexed_nothing_is_read(site):
    site.put({"requestId": "r1"})
    answer = site.ended(site.start("filterIndex requestId = 'r1'"))
    assert (answer["status"], answer["results"], answer["statistics"]["logGroupsScanned"]) == ("Complete", [], 0.0)


def test_indexes_and_policies_are_described_until_they_are_deleted(site):
    site.logs.put_index_policy(logGroupIdentifier=site.group, policyDocument='{"Fields": ["a", "b"]}')
    site.put({"a": 1})
    found = site.logs.describe_field_indexes(logGroupIdentifiers=[site.group])["fieldIndexes"]
    assert [(one["fieldIndexName"], one["type"]) for one in found] == [("a", "FIELD_INDEX"), ("b", "FIELD_INDEX")]
    assert found[0]["lastEventTime"] >= found[0]["firstEventTime"]
    policies = site.logs.describe_index_policies(logGroupIdentifiers=[site.group])["indexPolicies"]
    assert json.loads(policies[0]["policyDocument"]) == {"Fields": ["a", "b"]}
    site.logs.delete_index_policy(logGroupIdentifier=site.group)
    assert site.logs.describe_index_policies(logGroupIdentifiers=[site.group])["indexPolicies"] == []
    with pytest.raises(site.logs.exceptions.ResourceNotFoundException):
        site.logs.delete_index_policy(logGroupIdentifier=site.group)


def test_the_accounts_policy_holds_where_a_group_has_none(site):
    site.logs.put_account_policy(
        policyName=site.group[1:],
        policyType="FIELD_INDEX_POLICY",
        policyDocument='{"Fields": ["requestId"]}',
        selectionCriteria=f'LogGroupNamePrefix = "{site.group}"',
    )
    found = site.logs.describe_index_policies(logGroupIdentifiers=[site.group])["indexPolicies"][0]
    assert (found["source"], found["policyName"]) == ("ACCOUNT", site.group[1:])
    site.put({"requestId": "r1"})
    assert len(site.ask("filterIndex requestId = 'r1'")) == 1
    site.logs.delete_account_policy(policyName=site.group[1:], policyType="FIELD_INDEX_POLICY")


@pytest.mark.parametrize(
    "document", ["{", "[]", '{"Fields": []}', '{"Fields": [1]}', '{"FieldsV2": {"a": {"type": "X"}}}']
)
def test_policies_that_are_none_are_refused(site, document):
    with pytest.raises(site.logs.exceptions.InvalidParameterException):
        site.logs.put_index_policy(logGroupIdentifier=site.group, policyDocument=document)
