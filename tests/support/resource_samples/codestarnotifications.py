"""Samples of CodeStar Notifications' resource types."""

from tests.support.resource_samples import Sample

_TOPIC = ("AWS::SNS::Topic", {})

SAMPLES: dict[str, Sample] = {
    "AWS::CodeStarNotifications::NotificationRule": Sample(
        {
            "Name": "sampled-rule",
            "Resource": {"Fn::GetAtt": ["Repository", "Arn"]},
            "DetailType": "BASIC",
            "EventTypeIds": ["codecommit-repository-branches-and-tags-created"],
            "Targets": [{"TargetType": "SNS", "TargetAddress": {"Ref": "Topic"}}],
            "Tags": {"team": "delivery"},
        },
        {
            "Name": "sampled-renamed",
            "DetailType": "FULL",
            "Status": "DISABLED",
            "EventTypeIds": ["codecommit-repository-branches-and-tags-deleted"],
            "Targets": [{"TargetType": "SNS", "TargetAddress": {"Ref": "Other"}}],
            "Tags": {"team": "platform"},
        },
        {
            "Repository": ("AWS::CodeCommit::Repository", {"RepositoryName": "sampled-notified"}),
            "Topic": _TOPIC,
            "Other": _TOPIC,
        },
    ),
}
