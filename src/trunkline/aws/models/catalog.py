"""The AWS services whose wire forms Trunkline speaks, and how a request names each of them.

Reading 29 models to find out which one a request means would cost seconds at every start, so what routing needs stands
here; a test compares it with botocore's models.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One service. `name` is botocore's; `signing_name` stands in credential scopes; `target_prefix` in X-Amz-Target;
    `iam_prefix` before the colon of IAM actions, where it is not the signing name."""

    name: str
    signing_name: str
    target_prefix: str
    api_version: str
    protocols: tuple[str, ...]
    iam_prefix: str = ""


_JSON = ("json",)
_QUERY = ("query",)
_REST_JSON = ("rest-json",)
_CLOUDTRAIL = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"

CATALOG: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("apprunner", "apprunner", "AppRunner", "2020-05-15", _JSON),
        Entry("application-autoscaling", "application-autoscaling", "AnyScaleFrontendService", "2016-02-06", _JSON),
        Entry("application-signals", "application-signals", "", "2024-04-15", _REST_JSON),
        Entry("cloudcontrol", "cloudcontrolapi", "CloudApiService", "2021-09-30", _JSON, iam_prefix="cloudformation"),
        Entry("cloudformation", "cloudformation", "", "2010-05-15", _QUERY),
        Entry("cloudtrail", "cloudtrail", _CLOUDTRAIL, "2013-11-01", _JSON),
        Entry(
            "cloudwatch",
            "monitoring",
            "GraniteServiceVersion20100801",
            "2010-08-01",
            ("smithy-rpc-v2-cbor", "json", "query"),
            iam_prefix="cloudwatch",
        ),
        Entry("codebuild", "codebuild", "CodeBuild_20161006", "2016-10-06", _JSON),
        Entry("codecommit", "codecommit", "CodeCommit_20150413", "2015-04-13", _JSON),
        Entry("codedeploy", "codedeploy", "CodeDeploy_20141006", "2014-10-06", _JSON),
        Entry("codepipeline", "codepipeline", "CodePipeline_20150709", "2015-07-09", _JSON),
        Entry("codestar-notifications", "codestar-notifications", "", "2019-10-15", _REST_JSON),
        Entry("ec2", "ec2", "", "2016-11-15", ("ec2",)),
        Entry("ecr", "ecr", "AmazonEC2ContainerRegistry_V20150921", "2015-09-21", _JSON),
        Entry("ecs", "ecs", "AmazonEC2ContainerServiceV20141113", "2014-11-13", _JSON),
        Entry("eks", "eks", "", "2017-11-01", _REST_JSON),
        Entry("elbv2", "elasticloadbalancing", "", "2015-12-01", _QUERY),
        Entry("events", "events", "AWSEvents", "2015-10-07", _JSON),
        Entry("iam", "iam", "", "2010-05-08", _QUERY),
        Entry("kms", "kms", "TrentService", "2014-11-01", _JSON),
        Entry("lambda", "lambda", "", "2015-03-31", _REST_JSON),
        Entry("logs", "logs", "Logs_20140328", "2014-03-28", _JSON),
        Entry(
            "resourcegroupstaggingapi",
            "tagging",
            "ResourceGroupsTaggingAPI_20170126",
            "2017-01-26",
            _JSON,
            iam_prefix="tag",
        ),
        Entry("s3", "s3", "", "2006-03-01", ("rest-xml",)),
        Entry("secretsmanager", "secretsmanager", "secretsmanager", "2017-10-17", _JSON),
        Entry("servicediscovery", "servicediscovery", "Route53AutoNaming_v20170314", "2017-03-14", _JSON),
        Entry("sns", "sns", "", "2010-03-31", _QUERY),
        Entry("sqs", "sqs", "AmazonSQS", "2012-11-05", ("json", "query")),
        Entry("ssm", "ssm", "AmazonSSM", "2014-11-06", _JSON),
        Entry("sts", "sts", "", "2011-06-15", _QUERY),
        Entry("xray", "xray", "", "2016-04-12", _REST_JSON),
    )
}

BY_SIGNING_NAME: dict[str, Entry] = {entry.signing_name: entry for entry in CATALOG.values()}
BY_TARGET_PREFIX: dict[str, Entry] = {entry.target_prefix: entry for entry in CATALOG.values() if entry.target_prefix}
BY_QUERY_VERSION: dict[str, Entry] = {
    entry.api_version: entry for entry in CATALOG.values() if {"query", "ec2"} & set(entry.protocols)
}
