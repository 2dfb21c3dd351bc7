"""Destinations and the refusals of subscription filters."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.log_events import code, message

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
ROLE = "arn:aws:iam::000000000000:role/r"


def test_destinations_are_put_described_and_deleted(logs, name):
    put = logs.put_destination(destinationName=name, targetArn=STREAM, roleArn=ROLE)["destination"]
    assert put["arn"] == f"arn:aws:logs:us-east-1:000000000000:destination:{name}" and "accessPolicy" not in put
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "logs:PutSubscriptionFilter", "Resource": put["arn"]}
            ],
        }
    )
    logs.put_destination_policy(destinationName=name, accessPolicy=policy)
    assert logs.describe_destinations(DestinationNamePrefix=name)["destinations"] == [{**put, "accessPolicy": policy}]
    again = logs.put_destination(destinationName=name, targetArn=f"{STREAM}2", roleArn=ROLE)["destination"]
    assert again["accessPolicy"] == policy and again["creationTime"] == put["creationTime"]
    logs.delete_destination(destinationName=name)
    with pytest.raises(ClientError) as error:
        logs.delete_destination(destinationName=name)
    assert code(error) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("destination", "error_code"),
    [
        (STREAM, "NotImplemented"),
        ("arn:aws:firehose:us-east-1:000000000000:deliverystream/s", "NotImplemented"),
        ("arn:aws:logs:us-east-1:000000000000:destination:d", "NotImplemented"),
        ("arn:aws:lambda:us-east-1:000000000000:function:none", "InvalidParameterException"),
    ],
)
def test_subscription_filters_deliver_to_functions_that_may_be_called(logs, group, destination, error_code):
    with pytest.raises(ClientError) as error:
        logs.put_subscription_filter(
            logGroupName=group, filterName="f", filterPattern="", destinationArn=destination, roleArn=ROLE
        )
    assert code(error) == error_code
    if error_code == "InvalidParameterException":
        assert message(error).startswith("Could not execute the lambda function. Make sure you have given CloudWatch")


def test_groups_of_infrequent_access_refuse_what_aws_refuses(logs, name):
    logs.create_log_group(logGroupName=name, logGroupClass="INFREQUENT_ACCESS")
    with pytest.raises(ClientError) as error:
        logs.filter_log_events(logGroupName=name)
    assert code(error) == "InvalidOperationException"
    assert message(error) == (
        f"The log group {name} is of log-group-class INFREQUENT_ACCESS."
        " FilterLogEvents is not supported for this log class."
    )
    with pytest.raises(ClientError) as error:
        logs.describe_subscription_filters(logGroupName=name)
    assert code(error) == "ValidationException"
    assert message(error) == "This operation is only supported on the Standard log class."
