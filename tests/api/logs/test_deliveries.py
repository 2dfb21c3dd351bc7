"""Delivery destinations are kept; sources and deliveries do not exist here, and say so."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.log_events import code
from tests.support.server import ACCOUNT, REGION

PLACE = f"{REGION}:{ACCOUNT}"
GROUP = f"arn:aws:logs:{PLACE}:log-group:/delivered:*"


def refusal(call, **request) -> str:
    with pytest.raises(ClientError) as error:
        call(**request)
    return code(error)


def test_a_delivery_destination_is_kept_with_its_policy(logs, name):
    put = logs.put_delivery_destination(
        name=name, outputFormat="json", deliveryDestinationConfiguration={"destinationResourceArn": GROUP}
    )["deliveryDestination"]
    assert put["arn"] == f"arn:aws:logs:{PLACE}:delivery-destination:{name}"
    assert (put["deliveryDestinationType"], put["outputFormat"]) == ("CWL", "json")
    assert logs.get_delivery_destination(name=name)["deliveryDestination"] == put
    assert put in logs.describe_delivery_destinations()["deliveryDestinations"]
    bucket = {"destinationResourceArn": "arn:aws:s3:::some-bucket"}
    changed = logs.put_delivery_destination(name=name, deliveryDestinationConfiguration=bucket)
    assert changed["deliveryDestination"]["deliveryDestinationType"] == "S3"
    assert refusal(logs.get_delivery_destination_policy, deliveryDestinationName=name) == "ResourceNotFoundException"
    allow = {"Effect": "Allow", "Principal": "*", "Action": "logs:CreateDelivery", "Resource": put["arn"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    logs.put_delivery_destination_policy(deliveryDestinationName=name, deliveryDestinationPolicy=policy)
    found = logs.get_delivery_destination_policy(deliveryDestinationName=name)["policy"]
    assert found == {"deliveryDestinationPolicy": policy}
    logs.delete_delivery_destination_policy(deliveryDestinationName=name)
    logs.delete_delivery_destination(name=name)
    assert refusal(logs.get_delivery_destination, name=name) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("target", "error_code"),
    [
        ("not-an-arn", "ValidationException"),
        (f"arn:aws:lambda:{PLACE}:function:f", "ValidationException"),
        (f"arn:aws:s3:{PLACE}:bucket", "ValidationException"),
        (GROUP.replace(REGION, "us-west-2"), "ValidationException"),
        (GROUP.replace(ACCOUNT, "111111111111"), "ValidationException"),
        (f"arn:aws:firehose:{PLACE}:deliverystream/d", "NotImplemented"),
    ],
)
def test_refuses_destinations_that_cannot_be(logs, name, target, error_code):
    configuration = {"destinationResourceArn": target}
    assert (
        refusal(logs.put_delivery_destination, name=name, deliveryDestinationConfiguration=configuration) == error_code
    )


@pytest.mark.parametrize(
    ("source", "error_code"),
    [
        ("not-an-arn", "ValidationException"),
        (f"arn:aws:sns:{PLACE}:topic", "ResourceNotFoundException"),
        (f"arn:aws:bedrock:us-west-2:{ACCOUNT}:knowledge-base/k", "ValidationException"),
        (f"arn:aws:bedrock:{PLACE}:knowledge-base/k", "NotImplemented"),
    ],
)
def test_nothing_here_is_a_source(logs, name, source, error_code):
    assert refusal(logs.put_delivery_source, name=name, resourceArn=source, logType="APPLICATION_LOGS") == error_code
    assert logs.describe_delivery_sources()["deliverySources"] == []


@pytest.mark.parametrize(
    ("destination", "error_code"),
    [
        ("not-an-arn", "ValidationException"),
        (f"arn:aws:logs:us-west-2:{ACCOUNT}:delivery-destination:d", "ValidationException"),
        (f"arn:aws:logs:{REGION}:111111111111:delivery-destination:d", "AccessDeniedException"),
        (f"arn:aws:logs:{PLACE}:delivery-destination:none", "ResourceNotFoundException"),
    ],
)
def test_a_delivery_needs_its_ends(logs, destination, error_code):
    request = {"deliverySourceName": "none", "deliveryDestinationArn": destination}
    assert refusal(logs.create_delivery, **request) == error_code
    assert logs.describe_deliveries()["deliveries"] == []
    assert refusal(logs.get_delivery, id="none") == "ResourceNotFoundException"
