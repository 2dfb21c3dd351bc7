"""Data protection: sensitive data is masked for readers, and its finding is told."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.log_events import code, events, now_ms, texts
from tests.support.roles import user_keys
from tests.support.server import ACCOUNT, REGION

MANAGED = "arn:aws:dataprotection::aws:data-identifier/"


def policy(*identifiers: str, destination: dict | None = None, custom: dict | None = None) -> str:
    document = {
        "Name": "protect",
        "Version": "2021-06-01",
        "Statement": [
            {
                "Sid": "audit",
                "DataIdentifier": list(identifiers),
                "Operation": {"Audit": {"FindingsDestination": destination or {}}},
            },
            {"Sid": "mask", "DataIdentifier": list(identifiers), "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
    if custom:
        listed = [{"Name": name, "Regex": regex} for name, regex in custom.items()]
        document["Configuration"] = {"CustomDataIdentifier": listed}
    return json.dumps(document)


def test_sensitive_data_is_masked_from_the_policy_on_and_for_good(logs, stream):
    group = stream["logGroupName"]
    logs.put_log_events(**stream, logEvents=events("before jane@example.com", start=now_ms() - 3000))
    document = policy(f"{MANAGED}EmailAddress", "EmployeeId", custom={"EmployeeId": "EID-[0-9]{4}"})
    put = logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=document)
    assert put["policyDocument"] == document and put["logGroupIdentifier"] == group
    assert logs.get_data_protection_policy(logGroupIdentifier=group)["policyDocument"] == document
    described = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert described["dataProtectionStatus"] == "ACTIVATED"
    logs.put_log_events(**stream, logEvents=events("mail jane@example.com of EID-1234", start=now_ms() - 2000))
    masked = "mail **************** of ********"
    assert texts(logs.get_log_events(**stream, startFromHead=True)) == ["before jane@example.com", masked]
    assert texts(logs.filter_log_events(logGroupName=group, filterPattern="mail")) == [masked]
    assert texts(logs.filter_log_events(logGroupName=group, filterPattern='"EID-1234"')) == []
    shown = logs.filter_log_events(logGroupName=group, filterPattern='"EID-1234"', unmask=True)
    assert texts(shown) == ["mail jane@example.com of EID-1234"]
    logs.delete_data_protection_policy(logGroupIdentifier=group)
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=group)
    logs.put_log_events(**stream, logEvents=events("after jane@example.com", start=now_ms() - 1000))
    assert texts(logs.get_log_events(**stream, startFromHead=True))[1:] == [masked, "after jane@example.com"]
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["dataProtectionStatus"] == "DELETED"


def test_only_who_may_unmask_sees_what_is_masked(aws, server, logs, stream, name):
    group = stream["logGroupName"]
    logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=policy(f"{MANAGED}IpAddress"))
    logs.put_log_events(**stream, logEvents=events("from 10.1.2.3"))
    reader = server.client("logs", **user_keys(aws, name, ["logs:GetLogEvents"]))
    assert texts(reader.get_log_events(**stream)) == ["from ********"]
    with pytest.raises(ClientError) as error:
        reader.get_log_events(**stream, unmask=True)
    assert code(error) == "AccessDeniedException" and "logs:Unmask" in str(error.value)


def test_findings_are_reported_to_a_log_group(logs, stream, name):
    logs.create_log_group(logGroupName=f"{name}-audit")
    destination = {"CloudWatchLogs": {"LogGroup": f"{name}-audit"}}
    document = policy(f"{MANAGED}EmailAddress", destination=destination)
    logs.put_data_protection_policy(logGroupIdentifier=stream["logGroupName"], policyDocument=document)
    logs.put_log_events(**stream, logEvents=events("nothing", "from abc@example.com, abc@example.com"))
    reports = [json.loads(text) for text in texts(logs.filter_log_events(logGroupName=f"{name}-audit"))]
    assert [report["dataIdentifiers"] for report in reports] == [
        [
            {
                "name": "EmailAddress",
                "count": 2,
                "detections": [{"start": 6, "end": 20}, {"start": 23, "end": 37}],
            }
        ]
    ]
    assert reports[0]["resourceArn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{stream['logGroupName']}:*"


@pytest.mark.parametrize(
    ("document", "error_code"),
    [
        ("not json", "InvalidParameterException"),
        ('{"Statement": []}', "InvalidParameterException"),
        ("[]", "InvalidParameterException"),
        (policy("A", custom={"A": "x"}).replace('[{"Name": "A", "Regex": "x"}]', "7"), "InvalidParameterException"),
        (policy(f"{MANAGED}IpAddress").replace('{"FindingsDestination": {}}', '"x"'), "InvalidParameterException"),
        (policy("Unknown"), "InvalidParameterException"),
        (policy("Bad", custom={"Bad": "("}), "InvalidParameterException"),
        (policy(f"{MANAGED}EmailAddress").replace('"MaskConfig": {}', '"MaskConfig": 1'), "InvalidParameterException"),
        (policy(f"{MANAGED}EmailAddress").replace("EmailAddress", "IpAddress", 1), "InvalidParameterException"),
        (policy(f"{MANAGED}Name"), "NotImplemented"),
        (policy(f"{MANAGED}IpAddress", destination={"Firehose": {"DeliveryStream": "x"}}), "NotImplemented"),
        (
            policy(f"{MANAGED}IpAddress", destination={"CloudWatchLogs": {"LogGroup": "none"}}),
            "ResourceNotFoundException",
        ),
    ],
)
def test_refuses_a_policy_that_is_none(logs, group, document, error_code):
    with pytest.raises(ClientError) as error:
        logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=document)
    assert code(error) == error_code
