"""CloudTrail through boto3: what happened, and trails that bring it to a bucket."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.support.server import ACCOUNT, wait_until


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value


@pytest.fixture
def trail(aws):
    return aws("cloudtrail")


def lookup(trail, key, value, **more):
    given = [{"AttributeKey": key, "AttributeValue": value}]
    return trail.lookup_events(LookupAttributes=given, **more)


def test_events_are_found_by_their_attributes(aws, trail, name):
    aws("sqs").create_queue(QueueName=name)
    (found,) = lookup(trail, "ResourceName", name)["Events"]
    assert (found["EventName"], found["EventSource"], found["Username"]) == ("CreateQueue", "sqs.amazonaws.com", "root")
    record = json.loads(found["CloudTrailEvent"])
    assert record["requestParameters"]["QueueName"] == name and record["eventID"] == found["EventId"]
    assert {"ResourceName": name} in found["Resources"]
    assert lookup(trail, "EventId", found["EventId"])["Events"][0]["EventId"] == found["EventId"]
    assert lookup(trail, "EventSource", "nothing.amazonaws.com")["Events"] == []
    assert lookup(trail, "EventId", found["EventId"], EndTime=datetime.now(UTC) - timedelta(hours=1))["Events"] == []
    assert lookup(trail, "ReadOnly", "true")["Events"] == []


def test_the_newest_comes_first_and_pages_follow(aws, trail, name):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for number in range(5):
        sqs.tag_queue(QueueUrl=url, Tags={"n": str(number)})
    pages = trail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": url}], PaginationConfig={"PageSize": 2}
    )
    found = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
    tags = [one["requestParameters"]["Tags"]["n"] for one in found if one["eventName"] == "TagQueue"]
    assert tags == ["4", "3", "2", "1", "0"]
    refused("InvalidNextTokenException", trail.lookup_events, NextToken="nonsense")
    now = datetime.now(UTC)
    refused("InvalidTimeRangeException", trail.lookup_events, StartTime=now, EndTime=now - timedelta(hours=1))


@pytest.fixture
def bucket(aws, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    return name


def test_a_trail_delivers_to_its_bucket(aws, trail, name, bucket):
    arn = trail.create_trail(Name=name, S3BucketName=bucket, S3KeyPrefix="audit")["TrailARN"]
    assert trail.get_trail_status(Name=name)["IsLogging"] is False
    trail.start_logging(Name=arn)
    aws("sqs").create_queue(QueueName=name)
    s3 = aws("s3")

    def delivered():
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
            records = json.loads(gzip.decompress(body))["Records"]
            if any(record["requestParameters"].get("QueueName") == name for record in records):
                return one["Key"]
        return None

    key = wait_until(delivered, what="the delivery of CreateQueue")
    assert key.startswith(f"audit/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2") and key.endswith(".json.gz")
    assert trail.get_trail_status(Name=name)["LatestDeliveryTime"]
    trail.stop_logging(Name=name)
    assert trail.get_trail_status(Name=name)["IsLogging"] is False
    trail.delete_trail(Name=name)
    refused("TrailNotFoundException", trail.get_trail, Name=name)


def test_trails_are_kept_and_checked(aws, trail, name, bucket):
    refused("S3BucketDoesNotExistException", trail.create_trail, Name=name, S3BucketName=f"{name}-none")
    refused("InvalidTrailNameException", trail.create_trail, Name="a--b", S3BucketName=bucket)
    aws("s3").create_bucket(Bucket=f"{name}-shut")
    refused("InsufficientS3BucketPolicyException", trail.create_trail, Name=name, S3BucketName=f"{name}-shut")
    trail.create_trail(Name=name, S3BucketName=bucket, TagsList=[{"Key": "a", "Value": "b"}])
    refused("TrailAlreadyExistsException", trail.create_trail, Name=name, S3BucketName=bucket)
    trail.update_trail(Name=name, IsMultiRegionTrail=True, EnableLogFileValidation=True)
    found = trail.get_trail(Name=name)["Trail"]
    assert found["IsMultiRegionTrail"] and found["LogFileValidationEnabled"] and found["HomeRegion"] == "us-east-1"
    assert found["TrailARN"] in [one["TrailARN"] for one in trail.list_trails()["Trails"]]
    elsewhere = aws("cloudtrail", region="eu-west-1")
    assert name in [one["Name"] for one in elsewhere.describe_trails()["trailList"]]
    assert name not in [one["Name"] for one in elsewhere.describe_trails(includeShadowTrails=False)["trailList"]]
    selectors = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
    trail.put_event_selectors(TrailName=name, EventSelectors=selectors)
    assert trail.get_event_selectors(TrailName=name)["EventSelectors"][0]["ReadWriteType"] == "WriteOnly"
    trail.add_tags(ResourceId=found["TrailARN"], TagsList=[{"Key": "c", "Value": "d"}])
    trail.remove_tags(ResourceId=found["TrailARN"], TagsList=[{"Key": "a"}])
    (listed,) = trail.list_tags(ResourceIdList=[found["TrailARN"]])["ResourceTagList"]
    assert listed["TagsList"] == [{"Key": "c", "Value": "d"}]
    trail.delete_trail(Name=name)
