"""Managed policies for people: administrators, power users, readers, and full access to one service."""

from trunkline.services.iam.managed.statements import Entry, allow, allow_all_but, pass_role

_NAMES = (
    "application-autoscaling apprunner cloudformation cloudtrail cloudwatch codebuild codecommit codedeploy "
    "codepipeline ec2 ecr ecs eks elasticloadbalancing events iam kms lambda logs s3 secretsmanager sns sqs ssm sts "
    "tag xray"
)
_SERVICES = _NAMES.split()
_READS = " ".join(f"{service}:Describe* {service}:Get* {service}:List*" for service in _SERVICES if service != "kms")
_READ_MORE = (
    "kms:Describe* kms:Get* kms:List* codebuild:BatchGet* codecommit:BatchGet* codedeploy:BatchGet* codecommit:GitPull "
    "ecr:BatchGetImage ecr:BatchCheckLayerAvailability logs:FilterLogEvents logs:StartQuery logs:StopQuery "
    "logs:TestMetricFilter cloudtrail:LookupEvents events:TestEventPattern xray:BatchGetTraces cloudformation:Detect* "
    "iam:Simulate*"
)
_PEOPLE = "Provides full access to AWS services and resources"


def _full(name: str, service: str, actions: str) -> Entry:
    return Entry(name, f"Provides full access to {service} via the AWS Management Console.", [allow(actions)])


GENERAL = [
    Entry("AdministratorAccess", f"{_PEOPLE}.", [allow("*")]),
    Entry(
        "PowerUserAccess",
        f"{_PEOPLE}, but does not allow management of Users and groups.",
        [
            allow_all_but("iam:* organizations:* account:*"),
            allow(
                "iam:CreateServiceLinkedRole iam:DeleteServiceLinkedRole iam:ListRoles "
                "organizations:DescribeOrganization "
                "account:ListRegions account:GetAccountInformation"
            ),
        ],
    ),
    Entry(
        "ReadOnlyAccess", "Provides read-only access to AWS services and resources.", [allow(_READS), allow(_READ_MORE)]
    ),
    Entry(
        "ViewOnlyAccess",
        "This policy grants permissions to view resources and basic metadata across all AWS services.",
        [allow(" ".join(f"{service}:Describe* {service}:List*" for service in _SERVICES))],
        "/job-function/",
    ),
    Entry(
        "SecurityAudit",
        "The security audit template grants access to read security configuration metadata.",
        [allow(_READS), allow("kms:Describe* kms:Get* kms:List*")],
    ),
    _full("AmazonS3FullAccess", "all buckets", "s3:* s3-object-lambda:*"),
    Entry(
        "AmazonS3ReadOnlyAccess",
        "Provides read only access to all buckets via the AWS Management Console.",
        [allow("s3:Get* s3:List* s3:Describe*")],
    ),
    _full("AmazonSNSFullAccess", "Amazon SNS", "sns:*"),
    Entry(
        "AmazonSNSReadOnlyAccess",
        "Provides read only access to Amazon SNS.",
        [allow("sns:GetTopicAttributes sns:List*")],
    ),
    _full("AmazonSQSFullAccess", "Amazon SQS", "sqs:*"),
    _full("AmazonSSMFullAccess", "Amazon SSM", "cloudwatch:PutMetricData ec2:DescribeInstanceStatus logs:* ssm:*"),
    Entry(
        "AmazonSSMReadOnlyAccess",
        "Provides read only access to Amazon SSM.",
        [allow("ssm:Describe* ssm:Get* ssm:List*")],
    ),
    _full(
        "SecretsManagerReadWrite",
        "AWS Secrets Manager",
        "secretsmanager:* kms:DescribeKey kms:ListAliases kms:ListKeys",
    ),
    Entry(
        "AWSKeyManagementServicePowerUser",
        "Provides access to AWS Key Management Service (KMS).",
        [
            allow(
                "kms:CreateAlias kms:CreateKey kms:DeleteAlias kms:Describe* kms:GenerateRandom kms:Get* kms:List* "
                "kms:TagResource kms:UntagResource iam:ListGroups iam:ListRoles iam:ListUsers"
            )
        ],
    ),
    _full("IAMFullAccess", "IAM", "iam:*"),
    Entry(
        "IAMReadOnlyAccess",
        "Provides read only access to IAM via the AWS Management Console.",
        [
            allow(
                "iam:GenerateCredentialReport iam:GenerateServiceLastAccessedDetails iam:Get* iam:List* "
                "iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy"
            )
        ],
    ),
    Entry(
        "IAMUserChangePassword",
        "Provides the ability for an IAM user to change their own password.",
        [allow("iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}"), allow("iam:GetAccountPasswordPolicy")],
    ),
    Entry(
        "IAMSelfManageServiceSpecificCredentials",
        "Allows an IAM user to manage their own Service Specific Credentials",
        [
            allow(
                "iam:CreateServiceSpecificCredential iam:ListServiceSpecificCredentials "
                "iam:UpdateServiceSpecificCredential iam:DeleteServiceSpecificCredential "
                "iam:ResetServiceSpecificCredential",
                "arn:aws:iam::*:user/${aws:username}",
            )
        ],
    ),
    _full(
        "CloudWatchFullAccess",
        "CloudWatch",
        "autoscaling:Describe* cloudwatch:* logs:* sns:* iam:GetPolicy iam:GetRole",
    ),
    _full(
        "CloudWatchFullAccessV2",
        "CloudWatch",
        "application-autoscaling:DescribeScalingPolicies cloudwatch:* logs:* sns:CreateTopic sns:ListSubscriptions "
        "sns:ListSubscriptionsByTopic sns:ListTopics sns:Subscribe iam:GetPolicy iam:GetRole",
    ),
    Entry(
        "CloudWatchReadOnlyAccess",
        "Provides read only access to CloudWatch.",
        [
            allow(
                "cloudwatch:BatchGet* cloudwatch:Describe* cloudwatch:GenerateQuery cloudwatch:Get* cloudwatch:List* "
                "logs:Get* logs:List* logs:StartQuery logs:StopQuery logs:Describe* logs:TestMetricFilter "
                "logs:FilterLogEvents sns:Get* sns:List*"
            )
        ],
    ),
    _full("CloudWatchLogsFullAccess", "CloudWatch Logs", "logs:* cloudwatch:GenerateQuery"),
    Entry(
        "CloudWatchLogsReadOnlyAccess",
        "Provides read only access to CloudWatch Logs",
        [
            allow(
                "logs:Describe* logs:Get* logs:List* logs:StartQuery logs:StopQuery logs:TestMetricFilter "
                "logs:FilterLogEvents logs:StartLiveTail logs:StopLiveTail cloudwatch:GenerateQuery"
            )
        ],
    ),
    _full("AmazonEventBridgeFullAccess", "Amazon EventBridge", "events:* schemas:* scheduler:* pipes:*"),
    Entry(
        "AmazonEventBridgeReadOnlyAccess",
        "Provides read only access to Amazon EventBridge.",
        [allow("events:Describe* events:List* events:TestEventPattern")],
    ),
    _full("AmazonEC2FullAccess", "Amazon EC2", "ec2:* elasticloadbalancing:* cloudwatch:* autoscaling:*"),
    Entry(
        "AmazonEC2ReadOnlyAccess",
        "Provides read only access to Amazon EC2 via the AWS Management Console.",
        [allow("ec2:Describe* ec2:Get* elasticloadbalancing:Describe* cloudwatch:ListMetrics cloudwatch:Get*")],
    ),
    _full("ElasticLoadBalancingFullAccess", "Amazon ElasticLoadBalancing", "elasticloadbalancing:* ec2:Describe*"),
    _full("AWSLambda_FullAccess", "AWS Lambda service", "lambda:* logs:DescribeLogGroups xray:* states:* iam:GetRole"),
    _full("AWSCloudFormationFullAccess", "AWS CloudFormation", "cloudformation:*"),
    Entry(
        "AWSCloudFormationReadOnlyAccess",
        "Provides access to AWS CloudFormation via the AWS Management Console.",
        [
            allow(
                "cloudformation:Describe* cloudformation:EstimateTemplateCost cloudformation:Get* cloudformation:List* "
                "cloudformation:ValidateTemplate cloudformation:Detect*"
            )
        ],
    ),
    _full("AWSXrayFullAccess", "AWS X-Ray", "xray:*"),
    Entry(
        "AWSXRayDaemonWriteAccess",
        "Allow the AWS X-Ray Daemon to relay raw trace segments data to the service's API.",
        [
            allow(
                "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets "
                "xray:GetSamplingStatisticSummaries"
            )
        ],
    ),
    Entry(
        "AmazonECS_FullAccess",
        "Provides administrative access to Amazon ECS resources.",
        [
            allow(
                "application-autoscaling:* cloudformation:CreateStack cloudformation:DeleteStack "
                "cloudformation:DescribeStack* "
                "cloudformation:UpdateStack cloudwatch:* codedeploy:* ec2:Describe* ecs:* elasticloadbalancing:* "
                "events:* "
                "iam:ListAttachedRolePolicies iam:ListInstanceProfiles iam:ListRoles lambda:ListFunctions "
                "logs:CreateLogGroup "
                "logs:DescribeLogGroups logs:FilterLogEvents sns:ListTopics"
            ),
            pass_role("ecs-tasks.amazonaws.com", "ec2.amazonaws.com", "application-autoscaling.amazonaws.com"),
        ],
    ),
]
