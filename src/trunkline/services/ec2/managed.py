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
_INTERFACE = """
access-analyzer account acm-pca airflow.api airflow.env airflow.ops appconfig appconfigdata appflow appmesh
appmesh-envoy-management application-autoscaling apprunner apprunner.requests appstream.api appstream.streaming
appsync appsync-api aps aps-workspaces athena auditmanager autoscaling autoscaling-plans b2bi backup
backup-gateway batch bedrock bedrock-agent bedrock-agent-runtime bedrock-runtime billing cassandra cleanrooms
cloudcontrolapi clouddirectory cloudformation cloudhsmv2 cloudtrail codeartifact.api codeartifact.repositories
codebuild codebuild-fips codecommit codecommit-fips codeconnections.api codedeploy codedeploy-commands-secure
codeguru-profiler codeguru-reviewer codepipeline codestar-connections.api cognito-idp comprehend
comprehendmedical config connect-campaigns controlcatalog cost-optimization-hub databrew dataexchange datasync
datazone dms drs ds dynamodb ebs ec2 ec2messages ecr.api ecr.dkr ecs ecs-agent ecs-telemetry eks eks-auth
elasticache elasticbeanstalk elasticbeanstalk-health elasticfilesystem elasticfilesystem-fips
elasticloadbalancing elasticmapreduce email-smtp emr-containers emr-serverless entityresolution events evs
execute-api finspace finspace-api fis forecast forecastquery frauddetector fsx fsx-fips git-codecommit
git-codecommit-fips glue grafana grafana-workspace greengrass groundstation guardduty guardduty-data healthlake
identitystore imagebuilder inspector-scan inspector2 iot.credentials iot.data iotsitewise.api iotsitewise.data
iottwinmaker.api iottwinmaker.data kafka kendra kinesis-firehose kinesis-streams kms kms-fips lakeformation
lambda launchwizard license-manager logs lookoutequipment lookoutmetrics m2 macie2 managedblockchain-query
mediaconnect memory-db mgn migrationhub-orchestrator monitoring mq networkmonitor notebook omics-workflows
organizations osis panorama payment-cryptography.controlplane pcs personalize pi pinpoint pipes polly
privatelink proton qbusiness qldb.session ram rbin rds rds-data redshift redshift-data redshift-serverless
refactor-spaces rekognition resiliencehub resource-groups robomaker rolesanywhere s3 s3-global.accesspoint
s3-outposts s3tables sagemaker.api sagemaker.featurestore-runtime sagemaker.metrics sagemaker.runtime scheduler
schemas secretsmanager securityhub servicecatalog servicecatalog-appregistry servicediscovery servicequotas
sms-voice snow-device-management sns sqs ssm ssm-contacts ssm-incidents ssm-quicksetup ssm-sap ssmmessages
states storagegateway streaming-rekognition sts support swf sync-states synthetics tagging textract
timestream.ingest-cell1 timestream.query-cell1 timestream-influxdb transcribe transcribestreaming transfer
transfer.server translate trustedadvisor tnb verifiedpermissions voiceid vpc-lattice wisdom workspaces xray
"""
INTERFACE_SERVICES = frozenset(_INTERFACE.split())


_WILD = ("ecr.dkr", "execute-api", "s3", "codeartifact.repositories")
"""Services whose names have a part of the customer's in front."""


def domain(service: str, region: str) -> str:
    """Under which name a service's endpoint is known, without what is in front of it: ecr.api is api.ecr.REGION."""
    return f"{'.'.join(reversed(service.removeprefix(f'com.amazonaws.{region}.').split('.')))}.{region}"


def private_name(service: str, region: str) -> str:
    """The name of AWS that leads to an endpoint with private DNS."""
    short = service.removeprefix(f"com.amazonaws.{region}.")
    return f"{'*.' if short in _WILD else ''}{domain(short, region)}.amazonaws.com"


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
