"""Which node of the service map a segment or a call stands for: its name and its type.

Services that send no segments of their own are inferred from the subsegment that called them: AWS services from
namespace `aws`, other HTTP services from namespace `remote`, databases from the `sql` block.
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-servicegraph
"""

from __future__ import annotations

import functools
import hashlib
from typing import NamedTuple

import orjson

from trunkline.aws.service import Doc

CLIENT = "client"
REMOTE = "remote"
SQL = "Database::SQL"

_SPELT = """
DynamoDB S3 SQS SNS SSM STS KMS EC2 ECS ECR IAM SES Lambda Kinesis Firehose SecretsManager CloudWatch Events
StepFunctions Athena Glue Cognito AppSync RDS Redshift CloudFormation CodeBuild Logs Bedrock
"""
_NAMES = {name.lower(): name for name in _SPELT.split()} | {"states": "StepFunctions", "eventbridge": "Events"}
"""SDKs name a call by the client's spelling; the map shows the service's."""

_RESOURCES = (
    ("table_name", "AWS::DynamoDB::Table"),
    ("queue_url", "AWS::SQS::Queue"),
    ("topic_arn", "AWS::SNS::Topic"),
    ("bucket_name", "AWS::S3::Bucket"),
    ("function_name", "AWS::Lambda"),
    ("stream_name", "AWS::Kinesis::Stream"),
)


class Node(NamedTuple):
    name: str
    type: str = ""
    account: str = ""

    @property
    def number(self) -> int:
        """What facts call this node."""
        return _number(self)

    @property
    def label(self) -> str:
        return orjson.dumps(self[:]).decode()

    @classmethod
    def labelled(cls, label: str) -> Node:
        return cls(*orjson.loads(label))


@functools.lru_cache(maxsize=10_000)
def _number(node: Node) -> int:
    """Told from the node itself, so that no table has to be asked; 63 bits, as SQLite's integers have a sign."""
    return int.from_bytes(hashlib.blake2b(node.label.encode(), digest_size=8).digest()) >> 1


def of_segment(segment: Doc, account: str) -> Node:
    return Node(segment["name"], _text(segment.get("origin")), _text(_aws(segment).get("account_id")) or account)


def of_call(subsegment: Doc, account: str) -> Node | None:
    """The service that a subsegment calls, or None: it is work of its own service."""
    if subsegment.get("sql"):
        return Node(subsegment["name"], SQL)
    namespace = subsegment.get("namespace")
    if namespace == "remote":
        return Node(subsegment["name"], REMOTE)
    if namespace != "aws":
        return None
    aws = _aws(subsegment)
    owner = _text(aws.get("account_id")) or account
    for member, type_ in _RESOURCES:
        if name := _text(aws.get(member)):
            return Node(name, type_, owner)
    given = str(subsegment["name"])
    name = _NAMES.get(given.lower(), given)
    return Node(name, f"AWS::{name}", owner)


def _aws(entity: Doc) -> Doc:
    return entity.get("aws") or {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
