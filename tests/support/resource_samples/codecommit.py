"""Samples of CodeCommit's resource types."""

from tests.support.resource_samples import Sample


def _trigger(name: str) -> dict:
    return {
        "Name": name,
        "DestinationArn": {"Ref": "Topic"},
        "Events": ["all"],
        "Branches": ["main"],
        "CustomData": "sampled",
    }


SAMPLES: dict[str, Sample] = {
    "AWS::CodeCommit::Repository": Sample(
        {
            "RepositoryName": "sampled-repository",
            "RepositoryDescription": "What is delivered",
            "KmsKeyId": "alias/aws/codecommit",
            "Triggers": [_trigger("one")],
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "RepositoryDescription": "What was delivered",
            "Triggers": [_trigger("one"), _trigger("two")],
            "RepositoryName": "sampled-renamed",
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {"Topic": ("AWS::SNS::Topic", {})},
    ),
}
