"""Which call is named for a difference: told from audit events alone."""

from datetime import UTC, datetime, timedelta

import pytest

from trunkline.aws.audit import DETAIL_TYPE
from trunkline.core.db import Database
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.insights.drift.attribution import Record
from trunkline.insights.drift.naming import means, names_of

ACCOUNT, REGION = "000000000000", "us-east-1"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:orders"
RENAME = {"TopicArn": TOPIC, "AttributeName": "DisplayName", "AttributeValue": "two"}


@pytest.fixture
def told(tmp_path):
    """`told(source, operation, request)` appends a call, each a second after the last."""
    db = Database(tmp_path / "t.db")
    ledger = Ledger(db)
    count = 0

    async def tell(source, operation, request, **more):
        nonlocal count
        count += 1
        detail = {
            "eventName": operation,
            "eventSource": f"{source}.amazonaws.com",
            "userIdentity": {"arn": f"arn:aws:iam::{ACCOUNT}:user/user-{count}"},
            "requestParameters": request,
            "requestID": f"request-{count}",
            **more,
        }
        time = BEGAN + timedelta(seconds=count)
        event = Event(f"aws.{source}", DETAIL_TYPE, detail, ACCOUNT, REGION, id=f"event-{count}", time=time)
        await db.write(lambda tx: ledger.append(tx, event))

    tell.record = lambda: Record(ledger, ACCOUNT, REGION)
    tell.ledger = ledger
    yield tell
    db.close()


def topic():
    return names_of("AWS::SNS::Topic", TOPIC, {"DisplayName": "one"})


async def test_the_call_that_set_the_property_and_not_the_latest(told):
    await told(
        "sns", "SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "DisplayName", "AttributeValue": "two"}
    )
    await told("sns", "SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": "{}"})
    await told("sns", "TagResource", {"ResourceArn": TOPIC, "Tags": [{"Key": "a", "Value": "two"}]})
    found = told.record().cause(topic(), 0.0, "/DisplayName", "one", "two")
    assert (found.request_id, found.principal) == ("request-1", f"arn:aws:iam::{ACCOUNT}:user/user-1")
    assert told.record().cause(topic(), 0.0, "/Tags/0/Value", "one", "two").operation == "TagResource"


async def test_what_was_before_the_stacks_last_touch_is_no_cause(told):
    await told(
        "sns", "SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "DisplayName", "AttributeValue": "two"}
    )
    since = BEGAN.timestamp() + 1.5
    assert told.record().cause(topic(), since, "/DisplayName", "one", "two") is None


async def test_a_call_that_failed_or_meant_another_resource_is_no_cause(told):
    await told("sns", "SetTopicAttributes", RENAME, errorCode="AuthorizationError")
    await told("sns", "SetTopicAttributes", {**RENAME, "TopicArn": TOPIC + "-others"})
    assert told.record().cause(topic(), 0.0, "/DisplayName", "one", "two") is None


async def test_a_property_that_is_gone_is_put_down_to_the_call_that_left_it_out(told):
    names = names_of("AWS::Events::Rule", "nightly", {"Name": "nightly"})
    given = {"Name": "nightly", "ScheduleExpression": "rate(1 day)"}
    await told("events", "PutRule", given)
    await told("events", "PutRule", {"Name": "nightly", "EventPattern": "{}"})
    assert told.record().cause(names, 0.0, "/ScheduleExpression", "rate(1 day)", None).request_id == "request-2"


async def test_the_remover_and_the_creator(told):
    names = names_of("AWS::EC2::VPC", "vpc-1", {})
    made = {"vpc": {"vpcId": "vpc-1"}}
    await told("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, responseElements=made)
    await told("ec2", "CreateSubnet", {"VpcId": "vpc-1"}, responseElements={"subnet": {"vpcId": "vpc-1"}})
    await told("ec2", "DeleteVpc", {"VpcId": "vpc-1"})
    assert told.record().creator(names).operation == "CreateVpc"
    assert told.record().remover(names, 0.0).operation == "DeleteVpc"


async def test_a_call_that_names_every_part_of_a_resource_wins(told):
    names = names_of("AWS::EC2::Route", "rtb-1|10.0.0.0/8", {"RouteTableId": "rtb-1"})
    await told("ec2", "ReplaceRoute", {"RouteTableId": "rtb-1", "DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "b"})
    await told("ec2", "ReplaceRoute", {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "b"})
    assert told.record().cause(names, 0.0, "/GatewayId", "a", "b").request_id == "request-1"


async def test_the_ledger_is_read_from_the_instant_on(told):
    for _ in range(20):
        await told("sns", "Publish", {})
    assert told.ledger.before(BEGAN.timestamp()) == 0
    assert told.ledger.before(BEGAN.timestamp() + 10) == 9
    assert told.ledger.before(BEGAN.timestamp() + 1000) == 20


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ("orders", TOPIC, True),
        (TOPIC, "orders", True),
        (TOPIC, TOPIC, True),
        (f"{TOPIC}:6f2c", TOPIC, True),
        ("orders", "more-orders", False),
        ("my-group", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:my-group:*", False),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:my-group:*", "my-group", True),
        ("s", "tasks/s", False),
    ],
)
def test_what_means_a_resource(value, name, expected):
    assert means(value, name) is expected
