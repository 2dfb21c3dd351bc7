"""What AWS provides in every region: the prefix lists of its own services, and the services that endpoints lead to.

The ids of the lists are made from the region and the name, so that they are the same on every machine; those that are
known of AWS are AWS's.
"""

import hashlib
from dataclasses import dataclass

from trunkline.services.ec2.store import PREFIX_LISTS, View

_KNOWN_IDS = {
    ("us-east-1", "s3"): "pl-63a5400a",
    ("us-east-1", "dynamodb"): "pl-02cd2c6b",
    ("us-west-2", "s3"): "pl-68a54001",
    ("us-west-2", "dynamodb"): "pl-00a54069",
    ("eu-west-1", "s3"): "pl-6da54004",
    ("eu-west-1", "dynamodb"): "pl-6fa54006",
}
_BLOCKS = {
    "s3": ("52.216.0.0/15", "54.231.0.0/16", "3.5.0.0/19"),
    "dynamodb": ("3.218.180.0/22", "52.94.0.0/22"),
    "s3express": ("16.15.192.0/20",),
    "vpc-lattice": ("169.254.171.0/24",),
    "ipv6.vpc-lattice": ("fd00:ec2:80::/64",),
}
_GLOBAL = {
    "com.amazonaws.global.cloudfront.origin-facing": ("pl-3b927c52", ("130.176.0.0/17", "15.158.0.0/16")),
    "com.amazonaws.global.ipv6.cloudfront.origin-facing": ("pl-bf2bced6", ("2600:9000:1000::/36",)),
}
GATEWAY_SERVICES = ("s3", "dynamodb")
INTERFACE_SERVICES = (
    *("access-analyzer", "application-autoscaling", "apprunner", "athena", "autoscaling", "cloudformation"),
    *("cloudtrail", "codebuild", "codecommit", "codedeploy", "codepipeline", "codestar-connections.api", "config"),
    *("dynamodb", "ebs", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "eks"),
    *("eks-auth", "elasticfilesystem", "elasticloadbalancing", "email-smtp", "events", "execute-api", "git-codecommit"),
    *("glue", "guardduty-data", "inspector2", "kinesis-firehose", "kinesis-streams", "kms", "lambda", "logs"),
    *("monitoring", "notebook", "rds", "rds-data", "redshift", "s3", "sagemaker.api", "sagemaker.runtime"),
    *("secretsmanager", "securityhub", "servicecatalog", "servicediscovery", "sns", "sqs", "ssm", "ssmmessages"),
    *("states", "sts", "synthetics", "sync-states", "transfer", "xray"),
)


@dataclass(frozen=True)
class ManagedList:
    """A prefix list of AWS."""

    id: str
    name: str
    cidrs: tuple[str, ...]

    @property
    def family(self) -> str:
        return "IPv6" if ":" in self.cidrs[0] else "IPv4"


def prefix_lists(region: str) -> list[ManagedList]:
    """Those of a region."""
    own = [
        ManagedList(_id(region, service), f"com.amazonaws.{region}.{service}", cidrs)
        for service, cidrs in _BLOCKS.items()
    ]
    return own + [ManagedList(id, name, cidrs) for name, (id, cidrs) in _GLOBAL.items()]


def prefix_list(region: str, id: str) -> ManagedList | None:
    return next((one for one in prefix_lists(region) if one.id == id), None)


def prefix_list_of(region: str, service: str) -> ManagedList | None:
    """The list of a service with a gateway endpoint, by the endpoint service's name."""
    return next((one for one in prefix_lists(region) if one.name == service), None)


def prefix_list_exists(view: View, id: str) -> bool:
    return prefix_list(view.region, id) is not None or view.find(PREFIX_LISTS, id) is not None


def _id(region: str, service: str) -> str:
    known = _KNOWN_IDS.get((region, service))
    return known or f"pl-{hashlib.sha256(f'{region} {service}'.encode()).hexdigest()[:8]}"
