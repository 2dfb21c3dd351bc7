"""Whose tags an update takes away: the template's and the stack's own, never those that somebody else has set."""

import pytest
from tests.support.stacks import Stacks

TYPES = {
    "Topic": ("AWS::SNS::Topic", {}),
    "Queue": ("AWS::SQS::Queue", {}),
    "Group": ("AWS::Logs::LogGroup", {}),
    "Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    "Repository": ("AWS::ECR::Repository", {}),
    "Bucket": ("AWS::S3::Bucket", {}),
    "Parameter": ("AWS::SSM::Parameter", {"Type": "String", "Value": "v"}),
}


@pytest.fixture
def stacks(aws, name):
    made = Stacks(aws("cloudformation"), name)
    yield made
    made.delete()


def resources(**tags):
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {
        name: {"Type": type, "Properties": {**properties, "Tags": tags if name == "Parameter" else given}}
        for name, (type, properties) in TYPES.items()
    }


class Tagged:
    """The resources of the stack by the tag operations of their services."""

    def __init__(self, aws, ids):
        self._aws, self._ids = aws, ids
        repository = aws("ecr").describe_repositories(repositoryNames=[ids["Repository"]])["repositories"][0]
        self._repository = repository["repositoryArn"]

    def add(self, key, value):
        aws, ids, pair = self._aws, self._ids, [{"Key": key, "Value": value}]
        aws("sns").tag_resource(ResourceArn=ids["Topic"], Tags=pair)
        aws("sqs").tag_queue(QueueUrl=ids["Queue"], Tags={key: value})
        aws("logs").tag_log_group(logGroupName=ids["Group"], tags={key: value})
        aws("ec2").create_tags(Resources=[ids["Vpc"]], Tags=pair)
        aws("ecr").tag_resource(resourceArn=self._repository, tags=pair)
        bucket = {"TagSet": [*self._of_bucket(), *pair]}
        aws("s3").put_bucket_tagging(Bucket=ids["Bucket"], Tagging=bucket)
        aws("ssm").add_tags_to_resource(ResourceType="Parameter", ResourceId=ids["Parameter"], Tags=pair)

    def _of_bucket(self):
        found = self._aws("s3").get_bucket_tagging(Bucket=self._ids["Bucket"])["TagSet"]
        return [tag for tag in found if not tag["Key"].startswith("aws:")]

    def all(self):
        aws, ids = self._aws, self._ids
        found = {
            "Topic": aws("sns").list_tags_for_resource(ResourceArn=ids["Topic"])["Tags"],
            "Queue": aws("sqs").list_queue_tags(QueueUrl=ids["Queue"])["Tags"],
            "Group": aws("logs").list_tags_log_group(logGroupName=ids["Group"])["tags"],
            "Vpc": aws("ec2").describe_vpcs(VpcIds=[ids["Vpc"]])["Vpcs"][0]["Tags"],
            "Bucket": self._of_bucket(),
            "Repository": aws("ecr").list_tags_for_resource(resourceArn=self._repository)["tags"],
            "Parameter": aws("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=ids["Parameter"])[
                "TagList"
            ],
        }
        return {name: plain(tags) for name, tags in found.items()}


def plain(tags):
    pairs = tags.items() if isinstance(tags, dict) else ((tag["Key"], tag["Value"]) for tag in tags)
    return {key: value for key, value in pairs if not key.startswith("aws:")}


def test_an_update_takes_away_only_tags_of_the_template_and_the_stack(stacks, aws):
    stacks.create(resources(a="1"), Tags=[{"Key": "s", "Value": "1"}])
    tagged = Tagged(aws, {name: one["PhysicalResourceId"] for name, one in stacks.resources().items()})
    tagged.add("out", "x")
    assert stacks.update(resources(b="2"), Tags=[{"Key": "t", "Value": "1"}]) == "UPDATE_COMPLETE"
    assert tagged.all() == {kind: {"b": "2", "t": "1", "out": "x"} for kind in TYPES}


def test_a_failed_update_leads_back_to_the_tags_before_it(stacks, aws):
    stacks.create(resources(a="1"), Tags=[{"Key": "s", "Value": "1"}])
    tagged = Tagged(aws, {name: one["PhysicalResourceId"] for name, one in stacks.resources().items()})
    tagged.add("out", "x")
    bad = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x", "AllowedPattern": "y"}}
    broken = {**resources(b="2"), "Bad": {**bad, "DependsOn": list(TYPES)}}
    assert stacks.update(broken, Tags=[{"Key": "t", "Value": "1"}]) == "UPDATE_ROLLBACK_COMPLETE"
    assert tagged.all() == {kind: {"a": "1", "s": "1", "out": "x"} for kind in TYPES}
