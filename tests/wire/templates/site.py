"""What an account must hold before the samples are deployed, and the parameters each of them takes."""

import io
import json
import zipfile
from pathlib import Path

from tests.wire.templates import image, macros

NETWORK = "nathanpeck__aws-cloudformation-fargate/fargate-networking-stacks/public-private-vpc.yml"
_BUCKET = "sample-templates"
_PEERING = "awslabs__aws-cloudformation-templates/aws/solutions/VPCPeering/templates/VPCPeering-Updates.cfn.yaml"
_PEERING_TAG = (
    "aws-cloudformation__aws-cloudformation-templates/Solutions/VPCPeering/templates/VPCPeering-Accepter-Tag.cfn.yaml"
)
_FLOW_LOGS = "aws-cloudformation__aws-cloudformation-templates/Solutions/VPCFlowLogs/templates/VPCFlowLogsS3.cfn.json"
_PARENT = {
    "Parameters": {"Vpc": {"Type": "String"}, "Public": {"Type": "String"}, "Private": {"Type": "String"}},
    "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {
        key: {"Value": value, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-" + key}}}
        for key, value in {
            "VPC": {"Ref": "Vpc"},
            "RouteTablesPublic": {"Ref": "Public"},
            "RouteTablesPrivate": {"Ref": "Private"},
            "BucketName": {"Ref": "Bucket"},
            "TopicARN": {"Ref": "Topic"},
        }.items()
    },
}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Site:
    """Made once for a server; `parameters` gives a template's. Functions need containers: without, no macros."""

    def __init__(self, client, folder: Path, *, functions: bool = True) -> None:
        self._client = client
        self._folder = folder
        self._network()
        self._objects()
        self.function = dict.fromkeys(("macro", "answer", "boto3"), "")
        if functions:
            self._functions()
            self._macros()
        ec2 = {"Vpc": self.vpc, "Public": self.tables[0], "Private": self.tables[1]}
        self.stack("parent", _PARENT, ec2)

    def _network(self) -> None:
        ec2 = self._client("ec2")
        self.vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        mine = [{"Name": "vpc-id", "Values": [self.vpc]}]
        self.subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]]
        self.group = ec2.create_security_group(GroupName="samples", Description="x", VpcId=self.vpc)["GroupId"]
        self.tables = [ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
        other = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        peering = ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=self.vpc)["VpcPeeringConnection"]
        self.peering = peering["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=self.peering)
        self.zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]

    def _objects(self) -> None:
        s3 = self._client("s3")
        s3.create_bucket(Bucket=_BUCKET)
        s3.create_bucket(Bucket="sample-existing")
        s3.create_bucket(Bucket="sample-logs")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("stand_in.py", Path(macros.__file__).read_text())
        self._code = code.getvalue()
        for name in ("requestCertificate", "approveCertificate", "checkCertificateApproval", "getHostedZoneName",
                     "clearBuckets", "emptyAndDeleteBuckets"):  # fmt: skip
            s3.put_object(Bucket=_BUCKET, Key=f"lambdas/{name}.zip", Body=self._code)
        s3.put_object(Bucket=_BUCKET, Key="code.zip", Body=self._code)
        for path in (_PEERING, _PEERING_TAG, _FLOW_LOGS):
            body = (self._folder / path).read_bytes()
            if path == _PEERING_TAG:  # the sample that loads it passes a parameter more than this one has
                body = body.replace(b"\nParameters:\n", b"\nParameters:\n  LambdaRoleName: {Type: String}\n", 1)
            s3.put_object(Bucket=_BUCKET, Key=f"templates/{Path(path).stem}.yaml", Body=body)
        # Its own sources say how the copied group and role look; here only that the nested stack has them.
        cloudwatch = {"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}}}
        for name in ("VPCFlowLogsLogFormat", "VPCFlowLogsCloudWatchKMSKey", "VPCFlowLogsMaxAggregationInterval",
                     "VPCFlowLogsLogGroupRetention", "VPCFlowLogsTrafficType", "VPCID"):  # fmt: skip
            cloudwatch.setdefault("Parameters", {})[name] = {"Type": "String", "Default": ""}
        s3.put_object(
            Bucket=_BUCKET, Key="templates/VPCFlowLogsCloudWatch.cfn.yaml", Body=json.dumps(cloudwatch).encode()
        )

    def _functions(self) -> None:
        iam = self._client("iam")
        role = iam.create_role(RoleName="stand-in", AssumeRolePolicyDocument=json.dumps(_TRUST))
        iam.attach_role_policy(RoleName="stand-in", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        client = self._client("lambda")
        for handler in self.function:
            self.function[handler] = client.create_function(
                FunctionName=f"stand-in-{handler}",
                Runtime="python3.11",
                Role=role["Role"]["Arn"],
                Handler=f"stand_in.{handler}",
                Code={"ZipFile": self._code},
                Timeout=30,
                Environment={"Variables": {"BOTO3_FUNCTION": "stand-in-boto3"}},
            )["FunctionArn"]
            client.get_waiter("function_active_v2").wait(FunctionName=f"stand-in-{handler}")

    def _macros(self) -> None:
        named = {
            name: {
                "Type": "AWS::CloudFormation::Macro",
                "Properties": {"Name": name, "FunctionName": self.function["macro"]},
            }
            for name in macros.NAMES
        }
        self.stack("macros", {"Resources": named})

    def stack(self, name: str, template: dict, parameters: dict[str, str] | None = None) -> None:
        """Create a stack and wait for it."""
        cloudformation = self._client("cloudformation")
        cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(template), Parameters=listed(parameters or {})
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.3})

    def parameters(self, path: str, name: str, declared: set[str]) -> dict[str, str]:
        """What the template is given: those parameters that have no default, and a few that need another one."""
        known = {
            **dict.fromkeys(("VPC", "VPCID"), self.vpc),
            "Subnet1": self.subnets[0],
            "Subnet2": self.subnets[1],
            # Services of several samples stand side by side behind one listener.
            "ServiceName": f"web-{name}",
            "ImageUrl": image.NAME,
            "Priority": name.rpartition("-")[2],
            "CreateVPCFlowLogsToS3": "Yes",
            "EnvName": "dev-",
            "LambdaHandlerPath": "index.handler",
            "CentralEventBusArn": "arn:aws:events:us-east-1:000000000000:event-bus/default",
            "NatGatewayPrivateIP": "10.0.0.5",
            "NatGatewayID": "nat-0123456789abcdef0",
            "VpcCidr": "10.0.0.0/16",
            "LogGroupName": "flow",
            "CodeBuildStack": "samples-codebuild",
            "S3AccessLogsBucketName": "sample-logs",
            "VPCFlowLogsBucketKMSKey": "",
            "VPCFlowLogsCloudWatchKMSKey": "",
            "LambdaLogsCloudWatchKMSKey": "",
            "VPCFlowLogsBucketName": "",
            "PeerOwnerIds": "000000000000",
            "PeerName": "peer",
            "PeerVPCCIDR": "10.77.0.0/16",
            "VPCPeeringConnectionId": self.peering,
            "NumberOfRouteTables": "2",
            "NumberOfSecurityGroups": "1",
            "RouteTableIds": ",".join(self.tables),
            "SecurityGroupIds": self.group,
            "TemplatesS3BucketName": _BUCKET,
            "TemplatesS3BucketRegion": "us-east-1",
            "TemplatesS3KeyPrefix": "",
            "Tag": "sample",
            "DevAccountId": "000000000000",
            "wordpressPassword": "not-a-secret",
            "KubeClusterName": "cluster",
            "KubeConfigPath": "s3://sample-templates/config",
            **dict.fromkeys(
                (
                    "HelmLambdaArn",
                    "KubeGetLambdaArn",
                    "CertificateRequestLambdaARN",
                    "CertificateApprovalLambdaARN",
                    "CheckCertificateLambdaARN",
                ),
                self.function["answer"],
            ),
            "PermissionBoundaryArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "pBucketName": "sample-expanded",
            "pKMSAdminRoles": "arn:aws:iam::000000000000:root",
            "PublisherAccountID": "000000000000",
            "AccountIdDestination": "000000000000",
            "ParamS3Bucket": _BUCKET,
            "ParamS3Key": "code.zip",
            "HostedZone": "Z0123456789ABCDEFGHIJ",
            "AlternativeDomains": "example.org",
            "Password": "Not-a-secret-1",
            "GitHubRestriction": "repo:owner/name:*",
            "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
            **dict.fromkeys(("ParentVPCStack", "ParentS3Stack", "ParentAlertStack"), "parent"),
            "BucketName": "sample-existing" if "s3-bucket-policy-for-caa" in path else "sample-made",
            **{f"AZ{letter}": self.zones[index % len(self.zones)] for index, letter in enumerate("ABCD")},
            "CidrBlock": "172.31.0.0/16",
            "CidrBlockIPv6": "2600:1f18::/56",
            "InternetGateway": "igw-0123456789abcdef0",
        }
        for letter in "ABCD":
            for kind in ("Public", "Private"):
                known[f"Subnet{letter}{kind}"] = self.subnets[0]
                known[f"RouteTable{letter}{kind}"] = self.tables[0]
        return {name: value for name, value in known.items() if name in declared}


def listed(parameters: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
