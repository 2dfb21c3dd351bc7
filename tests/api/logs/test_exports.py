"""Export tasks: the events of a group as gzipped objects in a bucket that lets CloudWatch Logs write."""

import gzip
import json
import uuid

import pytest
from botocore.exceptions import ClientError
from tests.support.log_events import code, events, message, now_ms
from tests.support.server import ACCOUNT, REGION, wait_until


def allowed(bucket: str, *actions: str) -> str:
    service = {"Service": f"logs.{REGION}.amazonaws.com"}
    condition = {
        "StringEquals": {"aws:SourceAccount": [ACCOUNT]},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"]},
    }
    arn = f"arn:aws:s3:::{bucket}"
    resources = {"s3:GetBucketAcl": arn, "s3:PutObject": f"{arn}/*"}
    statements = [
        {
            "Effect": "Allow",
            "Action": action,
            "Resource": resources[action],
            "Principal": service,
            "Condition": condition,
        }
        for action in actions
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def bucket(aws, name):
    aws("s3").create_bucket(Bucket=name)
    policy = allowed(name, "s3:GetBucketAcl", "s3:PutObject")
    aws("s3").put_bucket_policy(Bucket=name, Policy=policy)
    return name


def ended(logs, task_id):
    def look():
        task = logs.describe_export_tasks(taskId=task_id)["exportTasks"][0]
        return task if task["status"]["code"] not in {"PENDING", "RUNNING", "PENDING_CANCEL"} else None

    return wait_until(look, what="the export")


def test_exports_what_lies_in_the_range(aws, logs, group, bucket):
    start = now_ms() - 60_000
    for stream in ("web/1", "web/2", "db"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        logs.put_log_events(
            logGroupName=group, logStreamName=stream, logEvents=events("one", "two", "three", start=start)
        )
    task_id = logs.create_export_task(
        logGroupName=group,
        logStreamNamePrefix="web/",
        fromTime=start,
        to=start + 1,
        destination=bucket,
        destinationPrefix="logs/today",
    )["taskId"]
    task = ended(logs, task_id)
    assert task["status"] == {"code": "COMPLETED", "message": "Completed successfully"}
    assert task["executionInfo"]["completionTime"] >= task["executionInfo"]["creationTime"]
    s3 = aws("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["aws-logs-write-test", *(f"logs/today/{task_id}/web-{n}/000000.gz" for n in (1, 2))]
    lines = gzip.decompress(s3.get_object(Bucket=bucket, Key=keys[1])["Body"].read()).decode().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"] and lines[0][23] == "Z"
    with pytest.raises(ClientError) as error:
        logs.cancel_export_task(taskId=task_id)
    assert message(error) == "The specified export task has already finished"


def test_refuses_what_cannot_be_exported(aws, logs, group, bucket):
    request = {"logGroupName": group, "fromTime": 1, "to": 2, "destination": bucket}
    with pytest.raises(ClientError) as error:
        logs.create_export_task(**{**request, "destination": "no-such-bucket-at-all"})
    assert message(error) == "The given bucket does not exist. Please make sure the bucket is valid."
    with pytest.raises(ClientError) as error:
        logs.create_export_task(**{**request, "logGroupName": "none"})
    assert code(error) == "ResourceNotFoundException"
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=allowed(bucket, "s3:GetBucketAcl"))
    with pytest.raises(ClientError) as error:
        logs.create_export_task(**request)
    assert code(error) == "InvalidParameterException"
    assert message(error) == (
        "PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to"
        " perform this operation."
    )
    with pytest.raises(ClientError) as error:
        logs.cancel_export_task(taskId=str(uuid.uuid4()))
    assert message(error) == "The specified export task does not exist."
