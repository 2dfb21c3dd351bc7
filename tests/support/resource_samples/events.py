"""Samples of EventBridge's types."""

from tests.support.resource_samples import Sample

SAMPLES = {
    "AWS::Events::Rule": Sample(
        {
            "Name": "sample-rule",
            "Description": "a sample",
            "EventPattern": {"source": ["sample"]},
            "State": "ENABLED",
            "Targets": [{"Id": "one", "Arn": {"Ref": "Topic"}, "InputPath": "$.detail"}],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "Description": "another",
            "EventPattern": {"source": ["other"]},
            "ScheduleExpression": "rate(1 day)",
            "State": "DISABLED",
            "RoleArn": "arn:aws:iam::000000000000:role/somebody",
            "Targets": [{"Id": "two", "Arn": {"Ref": "Topic"}, "Input": '{"a": 1}'}],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"Topic": ("AWS::SNS::Topic", {})},
    ),
    "AWS::Events::Rule (on a custom bus)": Sample(
        {"EventBusName": {"Ref": "Bus"}, "EventPattern": {"source": ["sample"]}},
        {"EventPattern": {"source": ["other"]}},
        {"Bus": ("AWS::Events::EventBus", {"Name": "sample-of-a-rule"})},
    ),
    "AWS::Events::EventBus": Sample(
        {"Name": "sample-bus", "Description": "a sample", "Tags": [{"Key": "team", "Value": "delivery"}]},
        {
            "Description": "another",
            "Tags": [{"Key": "team", "Value": "platform"}],
            "Policy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "all",
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                        "Action": "events:PutEvents",
                        "Resource": "*",
                    }
                ],
            },
        },
    ),
    "AWS::Events::EventBusPolicy": Sample(
        {
            "EventBusName": {"Ref": "Bus"},
            "StatementId": "partner",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "events:PutEvents",
                "Resource": "*",
            },
        },
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                "Action": "events:PutEvents",
                "Resource": "*",
            },
        },
        {"Bus": ("AWS::Events::EventBus", {"Name": "sample-of-a-policy"})},
    ),
    "AWS::Events::EventBusPolicy (by principal)": Sample(
        {"StatementId": "partner", "Action": "events:PutEvents", "Principal": "111122223333"},
        {"Principal": "444455556666"},
    ),
    "AWS::Events::Rule (on the default bus by its ARN)": Sample(
        {
            "EventBusName": {
                "Fn::Join": [
                    ":",
                    ["arn:aws:events", {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}, "event-bus/default"],
                ]
            },
            "EventPattern": {"source": ["aws.ecs"]},
        },
        {"EventPattern": {"source": ["aws.ecr"]}},
    ),
}
