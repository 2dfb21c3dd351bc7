"""Further AWS managed policies that public templates and CDK apps name: of services that roles of theirs go with.

Many are for services that nobody can call here. They exist so that such a role can be made unchanged, and allow what
AWS's allow in short: the same services, by `service:*` where AWS lists actions one by one.
"""

from trunkline.services.iam.managed.statements import Entry, allow

_LOGS = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents logs:DescribeLogGroups logs:DescribeLogStreams"
_EC2_READS = "ec2:Describe*"
_PULL = "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage"
_AGENT = (
    "ecs:CreateCluster ecs:DeregisterContainerInstance ecs:DiscoverPollEndpoint ecs:Poll ecs:RegisterContainerInstance "
    "ecs:StartTelemetrySession ecs:UpdateContainerInstancesState ecs:Submit* ecs:TagResource"
)

# name (with its path): the actions, separated by spaces
_ALLOWED: dict[str, str] = {
    "AWSAppMeshEnvoyAccess": "appmesh:StreamAggregatedResources",
    "AWSBackupFullAccess": "backup:* backup-storage:*",
    "AWSCertificateManagerFullAccess": "acm:*",
    "AWSCertificateManagerReadOnly": "acm:DescribeCertificate acm:ListCertificates acm:GetCertificate acm:ListTags*",
    "AWSCloudMapFullAccess": "servicediscovery:* route53:* ec2:DescribeVpcs ec2:DescribeRegions",
    "AWSCloudMapDiscoverInstanceAccess": (
        "servicediscovery:DiscoverInstances servicediscovery:DiscoverInstancesRevision"
    ),
    "AWSCloudMapReadOnlyAccess": "servicediscovery:Get* servicediscovery:List* servicediscovery:DiscoverInstances",
    "AWSCloudMapRegisterInstanceAccess": "servicediscovery:* route53:GetHealthCheck route53:ChangeResourceRecordSets",
    "AWSCloudShellFullAccess": "cloudshell:*",
    "AWSCloudTrail_FullAccess": "cloudtrail:* sns:* s3:CreateBucket s3:PutBucketPolicy logs:CreateLogGroup",
    "AWSCloudTrail_ReadOnlyAccess": "cloudtrail:Get* cloudtrail:Describe* cloudtrail:List* cloudtrail:LookupEvents",
    "AWSCodeArtifactAdminAccess": "codeartifact:*",
    "AWSCodeArtifactReadOnlyAccess": "codeartifact:Describe* codeartifact:Get* codeartifact:List* codeartifact:Read*",
    "AWSCodeStarFullAccess": "codestar:* ec2:DescribeKeyPairs ec2:DescribeVpcs ec2:DescribeSubnets",
    "AWSConfigUserAccess": "config:Get* config:Describe* config:Deliver* config:List* tag:GetResources",
    "AWSDirectoryServiceFullAccess": "ds:*",
    "AWSElasticBeanstalkMulticontainerDocker": "ecs:Poll ecs:StartTask ecs:StopTask ecs:DiscoverPollEndpoint",
    "AWSElasticBeanstalkWebTier": f"s3:Get* s3:List* s3:PutObject xray:PutTraceSegments {_LOGS}",
    "AWSElasticBeanstalkWorkerTier": f"sqs:* s3:Get* s3:List* s3:PutObject cloudwatch:PutMetricData {_LOGS}",
    "AWSGlueConsoleFullAccess": "glue:*",
    "AWSIoTFullAccess": "iot:* iotjobsdata:*",
    "AWSMarketplaceFullAccess": "aws-marketplace:*",
    "AWSOrganizationsReadOnlyAccess": "organizations:Describe* organizations:List*",
    "AWSResourceAccessManagerFullAccess": "ram:*",
    "AWSStepFunctionsReadOnlyAccess": "states:Describe* states:List* states:GetExecutionHistory",
    "AWSSupportAccess": "support:*",
    "AWSXRayDaemonWriteAccess": "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSampling*",
    "AWSXrayReadOnlyAccess": "xray:Get* xray:BatchGet* xray:List*",
    "AWSXrayWriteOnlyAccess": "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSampling*",
    "AmazonAthenaFullAccess": "athena:* glue:Get* s3:GetObject s3:ListBucket s3:PutObject",
    "AmazonBedrockFullAccess": "bedrock:*",
    "AmazonCognitoPowerUser": "cognito-identity:* cognito-idp:* cognito-sync:*",
    "AmazonCognitoReadOnly": "cognito-identity:Get* cognito-identity:List* cognito-idp:Describe* cognito-idp:List*",
    "AmazonDocDBFullAccess": "rds:* docdb-elastic:*",
    "AmazonEC2RolePolicyForLaunchWizard": "ec2:* s3:GetObject ssm:*",
    "AmazonEKSClusterPolicy": f"autoscaling:* ec2:* elasticloadbalancing:* kms:DescribeKey {_LOGS}",
    "AmazonEKSFargatePodExecutionRolePolicy": _PULL,
    "AmazonEKSServicePolicy": f"ec2:* eks:* route53:AssociateVPCWithHostedZone {_LOGS}",
    "AmazonEKSVPCResourceController": "ec2:*NetworkInterface* ec2:*PrivateIpAddresses",
    "AmazonEKSWorkerNodePolicy": f"{_EC2_READS} eks:DescribeCluster eks-auth:AssumeRoleForPodIdentity",
    "AmazonEKS_CNI_Policy": "ec2:*NetworkInterface* ec2:*PrivateIpAddresses ec2:Describe* ec2:CreateTags",
    "AmazonElastiCacheFullAccess": "elasticache:*",
    "AmazonElasticFileSystemClientReadWriteAccess": "elasticfilesystem:Client* elasticfilesystem:DescribeMountTargets",
    "AmazonElasticFileSystemFullAccess": "elasticfilesystem:* ec2:*NetworkInterface* kms:DescribeKey kms:ListAliases",
    "AmazonElasticMapReduceFullAccess": "elasticmapreduce:* ec2:* s3:* cloudwatch:*",
    "AmazonElasticMapReduceReadOnlyAccess": "elasticmapreduce:Describe* elasticmapreduce:List* s3:Get*",
    "AmazonESFullAccess": "es:*",
    "AmazonGuardDutyFullAccess": "guardduty:*",
    "AmazonInspector2FullAccess": "inspector2:*",
    "AmazonKinesisFirehoseFullAccess": "firehose:*",
    "AmazonKinesisReadOnlyAccess": "kinesis:Get* kinesis:List* kinesis:Describe*",
    "AmazonMQFullAccess": "mq:*",
    "AmazonMSKFullAccess": "kafka:*",
    "AmazonOpenSearchServiceFullAccess": "es:*",
    "AmazonPollyFullAccess": "polly:*",
    "AmazonPrometheusRemoteWriteAccess": "aps:RemoteWrite",
    "AmazonRDSReadOnlyAccess": (
        "rds:Describe* rds:ListTagsForResource cloudwatch:Get* cloudwatch:List* logs:GetLogEvents"
    ),
    "AmazonRedshiftFullAccess": "redshift:*",
    "AmazonRoute53FullAccess": "route53:* route53domains:* elasticloadbalancing:DescribeLoadBalancers s3:ListBucket",
    "AmazonRoute53ReadOnlyAccess": "route53:Get* route53:List* route53:TestDNSAnswer",
    "AmazonSageMakerFullAccess": "sagemaker:* ecr:* logs:* s3:GetObject s3:PutObject s3:ListBucket",
    "AmazonSQSReadOnlyAccess": "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:List*",
    "AmazonSSMAutomationApproverAccess": "ssm:SendAutomationSignal ssm:Describe* ssm:Get*",
    "AmazonSSMDirectoryServiceAccess": "ds:CreateComputer ds:DescribeDirectories",
    "AmazonSSMPatchAssociation": (
        "ec2:DescribeInstances ssm:DescribeEffectivePatchesForPatchBaseline ssm:GetPatchBaseline"
    ),
    "AmazonTextractFullAccess": "textract:*",
    "AmazonTranscribeFullAccess": "transcribe:* s3:GetObject s3:PutObject",
    "AmazonVPCFullAccess": "ec2:* logs:DescribeLogGroups",
    "AmazonVPCReadOnlyAccess": _EC2_READS,
    "AutoScalingFullAccess": "autoscaling:* cloudwatch:PutMetricAlarm ec2:Describe* elasticloadbalancing:Describe*",
    "AutoScalingReadOnlyAccess": "autoscaling:Describe*",
    "CloudFrontFullAccess": "cloudfront:* acm:ListCertificates iam:ListServerCertificates waf:ListWebACLs",
    "CloudFrontReadOnlyAccess": "cloudfront:Describe* cloudfront:Get* cloudfront:List*",
    "CloudWatchAgentAdminPolicy": (
        f"cloudwatch:PutMetricData ec2:DescribeTags ssm:GetParameter ssm:PutParameter {_LOGS}"
    ),
    "CloudWatchEventsFullAccess": "events:* iam:PassRole",
    "CloudWatchEventsReadOnlyAccess": "events:Describe* events:List* events:TestEventPattern",
    "CloudWatchSyntheticsFullAccess": "synthetics:* cloudwatch:* s3:CreateBucket s3:GetObject lambda:*",
    "ElasticLoadBalancingReadOnly": "elasticloadbalancing:Describe*",
    "ResourceGroupsandTagEditorFullAccess": "tag:* resource-groups:*",
    "ResourceGroupsandTagEditorReadOnlyAccess": "tag:Get* resource-groups:Get* resource-groups:List*",
    "TranslateFullAccess": "translate:*",
    "job-function/Billing": "aws-portal:*Billing account:GetAccountInformation budgets:*",
    "job-function/DatabaseAdministrator": "rds:* dynamodb:* elasticache:* redshift:* cloudwatch:* sns:*",
    "job-function/NetworkAdministrator": "ec2:* elasticloadbalancing:* route53:* cloudfront:* autoscaling:Describe*",
    "job-function/SupportUser": "support:* ec2:Describe* s3:List* iam:List* iam:Get* cloudwatch:*",
    "job-function/SystemAdministrator": "ec2:* s3:* rds:* sns:* sqs:* ssm:* lambda:* kms:* iam:Get* iam:List*",
    "service-role/AWSAppRunnerServicePolicyForECRAccess": f"{_PULL} ecr:DescribeImages",
    "service-role/AWSAppSyncPushToCloudWatchLogs": _LOGS,
    "service-role/AWSBackupServiceRolePolicyForBackup": "backup:* ec2:* rds:* dynamodb:* elasticfilesystem:*",
    "service-role/AWSBackupServiceRolePolicyForRestores": "backup:* ec2:* rds:* dynamodb:* elasticfilesystem:*",
    "service-role/AWSBatchServiceRole": f"autoscaling:* ec2:* ecs:* iam:GetInstanceProfile {_LOGS}",
    "service-role/AWSBatchServiceEventTargetRole": "batch:SubmitJob",
    "service-role/AWSConfigRulesExecutionRole": "config:Put* config:Get* config:List* config:Describe* s3:GetObject",
    "service-role/AWSConfigRole": "config:* s3:PutObject s3:GetBucketAcl sns:Publish iam:Get* iam:List* ec2:Describe*",
    "service-role/AWS_ConfigRole": "config:* s3:PutObject s3:GetBucketAcl sns:Publish iam:Get* iam:List* ec2:Describe*",
    "service-role/AWSDataPipelineRole": "datapipeline:* ec2:* elasticmapreduce:* s3:* sns:*",
    "service-role/AWSElasticBeanstalkService": "ec2:* elasticloadbalancing:* autoscaling:* cloudformation:* s3:* sns:*",
    "service-role/AWSElasticBeanstalkEnhancedHealth": (
        "elasticloadbalancing:Describe* ec2:Describe* autoscaling:Describe*"
    ),
    "service-role/AWSGlueServiceRole": f"glue:* s3:GetBucketLocation s3:ListBucket s3:GetObject s3:PutObject {_LOGS}",
    "service-role/AWSIoTLogging": f"{_LOGS} logs:PutMetricFilter logs:PutRetentionPolicy",
    "service-role/AWSIoTRuleActions": "dynamodb:PutItem kinesis:PutRecord iot:Publish s3:PutObject sns:Publish",
    "service-role/AWSQuickSightDescribeRDS": "rds:Describe*",
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs": f"{_LOGS} logs:GetLogEvents logs:FilterLogEvents",
    "service-role/AmazonDMSCloudWatchLogsRole": _LOGS,
    "service-role/AmazonDMSVPCManagementRole": "ec2:*NetworkInterface* ec2:Describe*",
    "service-role/AmazonEBSCSIDriverPolicy": "ec2:*Volume* ec2:*Snapshot* ec2:CreateTags ec2:Describe*",
    "service-role/AmazonEC2ContainerServiceAutoscaleRole": "ecs:DescribeServices ecs:UpdateService cloudwatch:*Alarm*",
    "service-role/AmazonEC2ContainerServiceRole": (
        "ec2:AuthorizeSecurityGroupIngress ec2:Describe* elasticloadbalancing:DeregisterTargets "
        "elasticloadbalancing:DeregisterInstancesFromLoadBalancer elasticloadbalancing:Describe* "
        "elasticloadbalancing:RegisterInstancesWithLoadBalancer elasticloadbalancing:RegisterTargets"
    ),
    "service-role/AmazonEC2ContainerServiceforEC2Role": f"{_EC2_READS} {_AGENT} {_PULL} {_LOGS}",
    "service-role/AmazonEC2RoleforAWSCodeDeploy": "s3:GetObject s3:GetObjectVersion s3:ListBucket",
    "service-role/AmazonEC2RoleforSSM": (
        f"ssm:* ssmmessages:* ec2messages:* cloudwatch:PutMetricData s3:GetObject {_LOGS}"
    ),
    "service-role/AmazonEC2SpotFleetTaggingRole": "ec2:* iam:PassRole elasticloadbalancing:RegisterTargets",
    "service-role/AmazonECSInfrastructureRolePolicyForLoadBalancers": "elasticloadbalancing:*",
    "service-role/AmazonECSInfrastructureRolePolicyForVolumes": "ec2:*Volume* ec2:CreateTags",
    "service-role/AmazonElasticMapReduceEditorsRole": "elasticmapreduce:* ec2:*NetworkInterface* ec2:Describe*",
    "service-role/AmazonElasticMapReduceRole": "ec2:* s3:* sqs:* sdb:* cloudwatch:* iam:PassRole iam:Get* iam:List*",
    "service-role/AmazonElasticMapReduceforEC2Role": (
        "cloudwatch:* dynamodb:* ec2:Describe* elasticmapreduce:* s3:* sqs:*"
    ),
    "service-role/AmazonElasticMapReduceforAutoScalingRole": (
        "cloudwatch:DescribeAlarms elasticmapreduce:*InstanceGroups"
    ),
    "service-role/AmazonRDSDirectoryServiceAccess": "ds:DescribeDirectories ds:AuthorizeApplication",
    "service-role/AmazonRDSEnhancedMonitoringRole": _LOGS,
    "service-role/AmazonS3ObjectLambdaExecutionRolePolicy": f"s3-object-lambda:WriteGetObjectResponse {_LOGS}",
    "service-role/AmazonSNSRole": f"{_LOGS} logs:PutMetricFilter logs:PutRetentionPolicy",
    "service-role/AmazonSSMAutomationRole": "ssm:* ec2:* lambda:InvokeFunction cloudformation:*Stack* sns:Publish",
    "service-role/AmazonSSMMaintenanceWindowRole": "ssm:* lambda:InvokeFunction states:StartExecution tag:GetResources",
    "service-role/CloudWatchEventsInvocationAccess": "kinesis:PutRecord",
    "service-role/RDSCloudHsmAuthorizationRole": "cloudhsm:*",
    "service-role/VMImportExportRoleForAWSConnector": "s3:GetBucketLocation s3:GetObject s3:ListBucket ec2:*Image*",
    "aws-service-role/AWSApplicationAutoscalingECSServicePolicy": (
        "ecs:DescribeServices ecs:UpdateService cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms "
        "cloudwatch:DeleteAlarms"
    ),
    "aws-service-role/AWSElasticLoadBalancingServiceRolePolicy": "ec2:* logs:CreateLogDelivery elasticloadbalancing:*",
    "aws-service-role/AutoScalingServiceRolePolicy": "ec2:* elasticloadbalancing:* cloudwatch:* sns:Publish",
}


def _entry(name: str, actions: str) -> Entry:
    path, _, short = name.rpartition("/")
    return Entry(short, f"Policy {short}.", [allow(actions)], f"/{path}/" if path else "/")


ELSEWHERE = [_entry(name, actions) for name, actions in _ALLOWED.items()]
