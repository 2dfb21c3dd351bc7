"""Samples of Parameter Store's types."""

from tests.support.resource_samples import Sample

SAMPLES = {
    "AWS::SSM::Parameter": Sample(
        {
            "Name": "/samples/one",
            "Type": "String",
            "Value": "first",
            "Description": "a sample",
            "AllowedPattern": "[a-z]+",
            "Tier": "Standard",
            "DataType": "text",
            "Tags": {"team": "delivery"},
        },
        {
            "Value": "second",
            "Description": "another",
            "AllowedPattern": "[a-z]*",
            "Type": "StringList",
            "Tier": "Advanced",
            "Tags": {"team": "platform", "more": "yes"},
        },
    ),
}
