"""Samples of CloudTrail's types."""

from tests.support.resource_samples import Sample

_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:GetBucketAcl",
            "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]},
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*"]]},
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ],
}

SAMPLES = {
    "AWS::CloudTrail::Trail": Sample(
        {
            "TrailName": "sample-trail",
            "S3BucketName": {"Ref": "Bucket"},
            "IsLogging": True,
            "Tags": [{"Key": "team", "Value": "delivery"}],
        },
        {
            "S3KeyPrefix": "audit",
            "IsLogging": False,
            "IsMultiRegionTrail": True,
            "IncludeGlobalServiceEvents": False,
            "EnableLogFileValidation": True,
            "SnsTopicName": {"Ref": "Topic"},
            "EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}],
            "Tags": [{"Key": "team", "Value": "platform"}],
        },
        {
            "Bucket": ("AWS::S3::Bucket", {}),
            "Policy": ("AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": _POLICY}),
            "Topic": ("AWS::SNS::Topic", {}),
        },
        without=("SnsTopicArn",),
    ),
}
