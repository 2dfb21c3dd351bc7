"""Notification rules as boto3 uses them."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until

CREATED = "codecommit-repository-branches-and-tags-created"


@pytest.fixture
def rules(aws):
    return aws("codestar-notifications")


@pytest.fixture
def topic(aws, name):
    return aws("sns").create_topic(Name=name)["TopicArn"]


@pytest.fixture
def repository(aws, name):
    return aws("codecommit").create_repository(repositoryName=name)["repositoryMetadata"]["Arn"]


@pytest.fixture
def rule(rules, repository, topic, name):
    return rules.create_notification_rule(
        Name=name,
        EventTypeIds=[CREATED],
        Resource=repository,
        Targets=[{"TargetType": "SNS", "TargetAddress": topic}],
        DetailType="FULL",
        Tags={"team": "x"},
    )["Arn"]


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_a_new_branch_is_told_to_the_topics_subscribers(aws, rule, topic, name):
    queue = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    aws("sqs").set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    )
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    aws("codecommit").put_file(repositoryName=name, branchName="main", fileContent=b"x", filePath="a")
    found = wait_until(
        lambda: aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"), what="the notification"
    )
    told = json.loads(found[0]["Body"])
    assert (told["notificationRuleArn"], told["detail"]["referenceName"]) == (rule, "main")


def test_a_rule_is_described_changed_listed_and_deleted(rules, rule, repository, topic):
    described = rules.describe_notification_rule(Arn=rule)
    assert [one["EventTypeId"] for one in described["EventTypes"]] == [CREATED]
    assert (described["Resource"], described["Tags"]) == (repository, {"team": "x"})
    rules.update_notification_rule(Arn=rule, Status="DISABLED")
    rules.unsubscribe(Arn=rule, TargetAddress=topic)
    changed = rules.describe_notification_rule(Arn=rule)
    assert (changed["Status"], changed["Targets"]) == ("DISABLED", [])
    rules.subscribe(Arn=rule, Target={"TargetType": "SNS", "TargetAddress": topic})
    listed = rules.list_notification_rules(Filters=[{"Name": "RESOURCE", "Value": repository}])["NotificationRules"]
    assert [one["Arn"] for one in listed] == [rule]
    rules.delete_notification_rule(Arn=rule)
    assert refused(rules.describe_notification_rule, Arn=rule) == "ResourceNotFoundException"


def test_event_types_must_be_of_the_resource_and_channels_are_refused(rules, repository, name):
    given = {"Name": name, "Resource": repository, "Targets": [], "DetailType": "BASIC"}
    wrong = ["codebuild-project-build-state-failed"]
    assert refused(rules.create_notification_rule, **given, EventTypeIds=wrong) == "ValidationException"
    chat = [{"TargetType": "AWSChatbotSlack", "TargetAddress": "arn:aws:chatbot::000000000000:chat-configuration/x"}]
    chatting = {**given, "Targets": chat}
    assert refused(rules.create_notification_rule, **chatting, EventTypeIds=[CREATED]) == "ValidationException"
    pages = rules.get_paginator("list_event_types").paginate(Filters=[{"Name": "SERVICE_NAME", "Value": "CodeBuild"}])
    assert {one["ServiceName"] for page in pages for one in page["EventTypes"]} == {"CodeBuild"}
