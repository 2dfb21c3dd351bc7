"""Samples of S3's resource types."""

from tests.support.resource_samples import Sample


def _policy(action: str) -> dict:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": [
            {"Fn::GetAtt": ["Bucket", "Arn"]},
            {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*"]]},
        ],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _encrypted(algorithm: str, *, by_key: bool = False) -> dict:
    default = {"SSEAlgorithm": algorithm}
    return {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": by_key}]
    }


_BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}

SAMPLES: dict[str, Sample] = {
    "AWS::S3::Bucket": Sample(
        {
            "AccessControl": "LogDeliveryWrite",
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
            "BucketEncryption": _encrypted("AES256"),
            "PublicAccessBlockConfiguration": _BLOCKED,
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {
                "Rules": [
                    {"Id": "old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
                    {
                        "Id": "uploads",
                        "Status": "Enabled",
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                    },
                    {
                        "Id": "logs",
                        "Status": "Enabled",
                        "Prefix": "logs/",
                        "ExpirationInDays": 365,
                        "TagFilters": [{"Key": "keep", "Value": "no"}],
                        "Transitions": [
                            {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
                            {"StorageClass": "GLACIER", "TransitionInDays": 90},
                        ],
                    },
                ]
            },
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            "Tags": [{"Key": "team", "Value": "delivery"}],
            "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
            "WebsiteConfiguration": {"IndexDocument": "index.html"},
            "LoggingConfiguration": {"LogFilePrefix": "access/"},
        },
        {
            "BucketEncryption": _encrypted("aws:kms", by_key=True),
            "PublicAccessBlockConfiguration": {**_BLOCKED, "BlockPublicPolicy": False},
            "VersioningConfiguration": {"Status": "Suspended"},
            "LifecycleConfiguration": {
                "Rules": [{"Id": "all", "Status": "Disabled", "ExpirationDate": "2030-01-01T00:00:00Z"}]
            },
            "NotificationConfiguration": {
                "TopicConfigurations": [
                    {
                        "Topic": {"Ref": "Topic"},
                        "Event": "s3:ObjectCreated:*",
                        "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
                    }
                ]
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
            "Tags": [{"Key": "team", "Value": "platform"}, {"Key": "new", "Value": ""}],
        },
        {"Topic": ("AWS::SNS::Topic", {})},
    ),
    "AWS::S3::BucketPolicy": Sample(
        {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": _policy("s3:*")},
        {"PolicyDocument": _policy("s3:PutObject*")},
        {"Bucket": ("AWS::S3::Bucket", {})},
    ),
}
