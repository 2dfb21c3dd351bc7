"""What a CDK user does all day: deploy, diff, change, drift, destroy; with the real CLI and nothing changed for us."""

import json
import urllib.request

import pytest

pytestmark = [pytest.mark.docker, pytest.mark.haproxy, pytest.mark.timeout(400)]


def _gone(real, stack):
    statuses = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED"]
    summaries = real("cloudformation").list_stacks(StackStatusFilter=statuses)["StackSummaries"]
    return stack not in {summary["StackName"] for summary in summaries}


def test_bootstrap_twice_changes_nothing(cdk, real):
    assert "no changes" in cdk("bootstrap")
    stack = real("cloudformation").describe_stacks(StackName="CDKToolkit")["Stacks"][0]
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def test_cross_stack_reference(cdk, prefix, real):
    outputs = cdk.deploy(f"{prefix}-producer", f"{prefix}-consumer")
    arn = outputs[f"{prefix}-consumer"]["TopicArn"]
    assert real("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["TopicArn"] == arn
    assert "There were no differences" in cdk("diff", f"{prefix}-producer", f"{prefix}-consumer")
    cdk("destroy", "--force", f"{prefix}-consumer", f"{prefix}-producer")
    assert _gone(real, f"{prefix}-consumer") and _gone(real, f"{prefix}-producer")


def test_nested_stack(cdk, prefix, real):
    outputs = cdk.deploy(f"{prefix}-outer")
    url = outputs[f"{prefix}-outer"]["QueueUrl"]
    attributes = real("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "45"
    assert "There were no differences" in cdk("diff", f"{prefix}-outer")
    cdk("destroy", "--force", f"{prefix}-outer")
    assert _gone(real, f"{prefix}-outer")


def test_bucket_deployment_and_auto_delete(cdk, prefix, real):
    bucket = cdk.deploy(f"{prefix}-site")[f"{prefix}-site"]["BucketName"]
    s3 = real("s3")
    assert s3.get_object(Bucket=bucket, Key="message.txt")["Body"].read() == b"one"
    assert b"A site" in s3.get_object(Bucket=bucket, Key="index.html")["Body"].read()
    cdk("destroy", "--force", f"{prefix}-site")
    assert bucket not in {b["Name"] for b in s3.list_buckets()["Buckets"]}


def test_functions_from_inline_code_and_from_an_asset(cdk, prefix, real):
    names = cdk.deploy(f"{prefix}-functions")[f"{prefix}-functions"]
    for which in ("InlineName", "PackedName"):
        assert json.loads(real("lambda").invoke(FunctionName=names[which])["Payload"].read()) == "one"
    cdk("destroy", "--force", f"{prefix}-functions")


def test_service_behind_a_load_balancer(cdk, prefix, real):
    stack = f"{prefix}-service"
    outputs = cdk.deploy(stack)[stack]
    url = next(value for key, value in outputs.items() if "ServiceURL" in key)
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read().strip() == b"one"
    assert "There were no differences" in cdk("diff", stack)
    assert "No drift detected" in cdk("drift", stack)
    cdk.synth(message="two")
    try:
        cdk.deploy(stack)
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read().strip() == b"two"
    finally:
        cdk.synth(message="one")
    cdk("destroy", "--force", stack)
    assert _gone(real, stack)
