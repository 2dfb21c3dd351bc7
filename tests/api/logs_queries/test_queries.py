"""Queries through boto3: started, read in pages, stopped, described."""

import json

import pytest
from tests.api.logs_queries.conftest import Site, rows
from tests.support.roles import user_keys


def test_shows_time_message_and_a_pointer_unless_the_query_says_otherwise(site):
    site.put("first", "second")
    answer = site.ended(site.start("filter @message like /./"))
    assert [[cell["field"] for cell in row] for row in answer["results"]] == [["@timestamp", "@message", "@ptr"]] * 2
    assert [row["@message"] for row in rows(answer)] == ["second", "first"]
    statistics = answer["statistics"]
    assert (statistics["recordsMatched"], statistics["recordsScanned"]) == (2.0, 2.0)
    assert statistics["bytesScanned"] > 0


def test_names_the_group_and_the_stream_of_an_event(site):
    site.put("here", stream="web/one")
    row = site.ask("fields @log, @logStream, @message | filter @logStream = 'web/one'")[0]
    assert (row["@log"], row["@logStream"]) == (f"000000000000:{site.group}", "web/one")


def test_statistics_count_what_matched_before_the_limit(site):
    site.put("link a", "other", "link b", "link c")
    answer = site.ended(site.start("fields @message | filter @message like /link/ | sort @timestamp asc | limit 2"))
    assert [row["@message"] for row in rows(answer)] == ["link a", "link b"]
    assert (answer["statistics"]["recordsMatched"], answer["statistics"]["recordsScanned"]) == (3.0, 4.0)


def test_results_come_in_pages(site):
    site.put(*[f"event {n}" for n in range(5)])
    query = site.start("fields @message | sort @timestamp asc")
    site.ended(query)
    first = site.logs.get_query_results(queryId=query, maxItems=3)
    second = site.logs.get_query_results(queryId=query, maxItems=3, nextToken=first["nextToken"])
    assert [row["@message"] for row in rows(first) + rows(second)] == [f"event {n}" for n in range(5)]
    assert "nextToken" not in second


def test_a_record_is_had_by_its_pointer_with_all_its_fields(site):
    site.put({"level": "ERROR", "user": {"id": 7, "tags": ["a"]}})
    pointer = site.ask("fields level")[0]["@ptr"]
    record = site.logs.get_log_record(logRecordPointer=pointer)["logRecord"]
    assert (record["level"], record["user.id"], record["user.tags.0"]) == ("ERROR", "7", "a")
    assert (record["@logStream"], record["@ptr"]) == ("web/1", pointer)


@pytest.mark.parametrize("pointer", ["does-not-exist", "", "é", "YS9iL2MvZC9l"])
def test_a_pointer_that_is_none_is_refused(site, pointer):
    with pytest.raises(site.logs.exceptions.InvalidParameterException):
        site.logs.get_log_record(logRecordPointer=pointer)


def test_several_groups_are_read_together_by_name_arn_and_prefix(site, name):
    other = f"{site.group}-b"
    site.logs.create_log_group(logGroupName=other)
    site.put("one")
    site.put("two", group=other)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{other}"
    for asked in ({"logGroupNames": [site.group, other]}, {"logGroupIdentifiers": [site.group, arn]}):
        assert {row["@message"] for row in site.ask("fields @message", **asked)} == {"one", "two"}
    query = site.start(f"SOURCE logGroups(namePrefix: ['{site.group}']) | fields @message")
    assert len(site.ended(query)["results"]) == 2
    assert site.logs.list_log_groups_for_query(queryId=query)["logGroupIdentifiers"] == [site.group, other]
    site.logs.delete_log_group(logGroupName=other)


def test_queries_are_described_newest_first_and_by_status(site):
    ids = [site.start("fields @message | limit 1"), site.start("stats count(*)")]
    for query in ids:
        site.ended(query)
    found = site.logs.describe_queries(logGroupName=site.group, status="Complete")["queries"]
    assert {one["queryId"] for one in found} == set(ids)
    assert found[0]["logGroupName"] == site.group
    assert site.logs.describe_queries(logGroupName=site.group, status="Failed")["queries"] == []
    page = site.logs.describe_queries(logGroupName=site.group, maxResults=1)
    rest = site.logs.describe_queries(logGroupName=site.group, maxResults=1, nextToken=page["nextToken"])
    assert {page["queries"][0]["queryId"], rest["queries"][0]["queryId"]} == set(ids)


def test_a_query_is_stopped_and_stays_cancelled(site):
    site.put(*[f"a{n}" for n in range(300)], before_ms=600_000)
    for stream in range(8):
        site.put(*[f"b{n}" for n in range(300)], before_ms=600_000, stream=f"s{stream}")
    other = f"(SOURCE '{site.group}')"
    query = site.start(f"join left=a right=b where a.@log=b.@log {other} | stats count(*) by b.@message")
    assert site.logs.stop_query(queryId=query)["success"] is True
    assert site.logs.get_query_results(queryId=query)["status"] == "Cancelled"
    with pytest.raises(site.logs.exceptions.InvalidParameterException):
        site.logs.stop_query(queryId=query)


def test_a_malformed_query_tells_where(site):
    with pytest.raises(site.logs.exceptions.MalformedQueryException) as caught:
        site.start("fields @message | sortt x")
    error = caught.value.response["queryCompileError"]
    assert error["location"] == {"startCharOffset": 18, "endCharOffset": 23}
    assert "unexpected symbol found sortt at line 1 and position 18" in error["message"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"queryLanguage": "SQL"}, "InvalidParameterException"),
        ({"queryLanguage": "PPL"}, "InvalidParameterException"),
        ({"startTime": 100, "endTime": 50}, "InvalidParameterException"),
        ({"logGroupNames": [f"g{n}" for n in range(51)]}, "InvalidParameterException"),
        ({"logGroupNames": ["/no/such/group"]}, "ResourceNotFoundException"),
        ({"logGroupNames": ["a"], "logGroupName": "b"}, "InvalidParameterException"),
    ],
)
def test_requests_that_cannot_be_are_refused(site, asked, code):
    with pytest.raises(site.logs.exceptions.ClientError) as caught:
        site.start("fields @message", **asked)
    assert caught.value.response["Error"]["Code"] == code


def test_a_subquery_needs_the_permission_for_its_group_too(site, aws, server, name):
    other = f"{site.group}-secret"
    site.logs.create_log_group(logGroupName=other)
    keys = user_keys(aws, name, ["logs:GetQueryResults"])
    own = f"arn:aws:logs:*:*:log-group:{site.group}:*"
    allow = {"Effect": "Allow", "Action": "logs:StartQuery", "Resource": own}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    aws("iam").put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    user = Site(server.client("logs", **keys), site.group)
    assert user.ask("fields @message") == []
    for query in (f"filter a in (SOURCE '{other}' | fields a)", f"SOURCE '{other}' | fields @message"):
        with pytest.raises(site.logs.exceptions.ClientError) as caught:
            user.start(query)
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    site.logs.delete_log_group(logGroupName=other)


def test_sensitive_data_is_masked_unless_the_query_unmasks_it(site):
    identifier = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"
    statements = [
        {"Sid": "audit", "DataIdentifier": [identifier], "Operation": {"Audit": {"FindingsDestination": {}}}},
        {"Sid": "mask", "DataIdentifier": [identifier], "Operation": {"Deidentify": {"MaskConfig": {}}}},
    ]
    document = json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": statements})
    site.logs.put_data_protection_policy(logGroupIdentifier=site.group, policyDocument=document)
    site.put({"mail": "jane@example.com"})
    site.logs.delete_data_protection_policy(logGroupIdentifier=site.group)
    assert site.ask("fields mail")[0]["mail"] == "*" * 16
    assert site.ask("stats count(*) by mail")[0]["mail"] == "*" * 16
    assert site.ask("unmask mail")[0]["mail"] == "jane@example.com"


def test_an_unknown_query_is_not_found(site):
    for call in (site.logs.get_query_results, site.logs.stop_query, site.logs.list_log_groups_for_query):
        with pytest.raises(site.logs.exceptions.ResourceNotFoundException):
            call(queryId="no-such-query")


def test_fields_of_a_group_are_found_with_their_share(site):
    site.put({"level": "INFO", "n": 1}, {"level": "INFO"}, "plain", "text")
    fields = {
        one["name"]: one["percent"] for one in site.logs.get_log_group_fields(logGroupName=site.group)["logGroupFields"]
    }
    assert (fields["level"], fields["n"], fields["@message"]) == (50, 25, 100)
