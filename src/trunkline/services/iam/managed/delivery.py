"""Managed policies of the delivery chain: the code services, the registry, ECS and the service roles among them."""

from trunkline.services.iam.managed.statements import Entry, allow, pass_role

_LOGS_WRITE = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"
_PULL = (
    "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:GetRepositoryPolicy "
    "ecr:DescribeRepositories ecr:ListImages ecr:DescribeImages ecr:BatchGetImage ecr:GetLifecyclePolicy "
    "ecr:GetLifecyclePolicyPreview ecr:ListTagsForResource ecr:DescribeImageScanFindings"
)
_PUSH = "ecr:InitiateLayerUpload ecr:UploadLayerPart ecr:CompleteLayerUpload ecr:PutImage"
_SERVICE = "/service-role/"

_CODECOMMIT_POWER = (
    "codecommit:AssociateApprovalRuleTemplateWithRepository codecommit:BatchGet* codecommit:BatchDescribe* "
    "codecommit:Create* codecommit:DeleteBranch codecommit:DeleteFile codecommit:Describe* "
    "codecommit:DisassociateApprovalRuleTemplateFromRepository codecommit:EvaluatePullRequestApprovalRules "
    "codecommit:Get* "
    "codecommit:List* codecommit:Merge* codecommit:OverridePullRequestApprovalRules codecommit:Put* codecommit:Post* "
    "codecommit:TagResource codecommit:Test* codecommit:UntagResource codecommit:Update* codecommit:GitPull "
    "codecommit:GitPush"
)
_CODECOMMIT_READ = (
    "codecommit:BatchGet* codecommit:BatchDescribe* codecommit:Describe* codecommit:EvaluatePullRequestApprovalRules "
    "codecommit:Get* codecommit:List* codecommit:GitPull"
)
_OWN_KEYS = allow(
    "iam:ListAccessKeys iam:ListSSHPublicKeys iam:ListServiceSpecificCredentials iam:GetSSHPublicKey",
    "arn:aws:iam::*:user/${aws:username}",
)
_OWN_GIT = allow(
    "iam:CreateServiceSpecificCredential iam:UpdateServiceSpecificCredential iam:DeleteServiceSpecificCredential "
    "iam:ResetServiceSpecificCredential",
    "arn:aws:iam::*:user/${aws:username}",
)

DELIVERY = [
    Entry(
        "AWSCodeCommitFullAccess",
        "Provides full access to AWS CodeCommit via the AWS Management Console.",
        [
            allow("codecommit:*"),
            allow("events:* sns:ListTopics lambda:ListFunctions iam:ListUsers"),
            _OWN_KEYS,
            _OWN_GIT,
        ],
    ),
    Entry(
        "AWSCodeCommitPowerUser",
        "Provides full access to AWS CodeCommit repositories, but does not allow repository deletion.",
        [allow(_CODECOMMIT_POWER), allow("sns:ListTopics lambda:ListFunctions iam:ListUsers"), _OWN_KEYS, _OWN_GIT],
    ),
    Entry(
        "AWSCodeCommitReadOnly",
        "Provides read only access to AWS CodeCommit via the AWS Management Console.",
        [allow(_CODECOMMIT_READ), allow("sns:ListTopics lambda:ListFunctions iam:ListUsers"), _OWN_KEYS],
    ),
    Entry(
        "AWSCodeBuildAdminAccess",
        "Provides full access to AWS CodeBuild via the AWS Management Console.",
        [
            allow(
                "codebuild:* codecommit:GetBranch codecommit:GetCommit codecommit:GetRepository "
                "codecommit:ListBranches "
                "codecommit:ListRepositories cloudwatch:GetMetricStatistics ec2:DescribeVpcs "
                "ec2:DescribeSecurityGroups "
                "ec2:DescribeSubnets ecr:DescribeRepositories ecr:ListImages elasticfilesystem:DescribeFileSystems "
                "events:* "
                "logs:GetLogEvents s3:GetBucketLocation s3:ListAllMyBuckets"
            ),
            allow("logs:DeleteLogGroup", "arn:aws:logs:*:*:log-group:/aws/codebuild/*:log-stream:*"),
            allow("ssm:PutParameter", "arn:aws:ssm:*:*:parameter/CodeBuild/*"),
        ],
    ),
    Entry(
        "AWSCodeBuildDeveloperAccess",
        "Provides access to AWS CodeBuild via the AWS Management Console, but does not allow project administration.",
        [
            allow(
                "codebuild:StartBuild codebuild:StopBuild codebuild:StartBuildBatch codebuild:StopBuildBatch "
                "codebuild:RetryBuild codebuild:RetryBuildBatch codebuild:BatchGet* codebuild:GetResourcePolicy "
                "codebuild:DescribeTestCases codebuild:DescribeCodeCoverages codebuild:List* codecommit:GetBranch "
                "codecommit:GetCommit codecommit:GetRepository codecommit:ListBranches cloudwatch:GetMetricStatistics "
                "events:DescribeRule events:ListTargetsByRule events:ListRuleNamesByTarget logs:GetLogEvents "
                "s3:GetBucketLocation s3:ListAllMyBuckets"
            ),
            allow("ssm:PutParameter", "arn:aws:ssm:*:*:parameter/CodeBuild/*"),
        ],
    ),
    Entry(
        "AWSCodeBuildReadOnlyAccess",
        "Provides read only access to AWS CodeBuild via the AWS Management Console.",
        [
            allow(
                "codebuild:BatchGet* codebuild:GetResourcePolicy codebuild:List* codebuild:DescribeTestCases "
                "codebuild:DescribeCodeCoverages codecommit:GetBranch codecommit:GetCommit codecommit:GetRepository "
                "cloudwatch:GetMetricStatistics events:DescribeRule events:ListTargetsByRule "
                "events:ListRuleNamesByTarget "
                "logs:GetLogEvents"
            )
        ],
    ),
    Entry("AWSCodeDeployFullAccess", "Provides full access to CodeDeploy resources.", [allow("codedeploy:*")]),
    Entry(
        "AWSCodeDeployDeployerAccess",
        "Provides access to register and deploy a revision.",
        [
            allow(
                "codedeploy:Batch* codedeploy:CreateDeployment codedeploy:Get* codedeploy:List* "
                "codedeploy:RegisterApplicationRevision"
            )
        ],
    ),
    Entry(
        "AWSCodeDeployReadOnlyAccess",
        "Provides read only access to CodeDeploy resources.",
        [allow("codedeploy:Batch* codedeploy:Get* codedeploy:List*")],
    ),
    Entry(
        "AWSCodeDeployRole",
        "Provides CodeDeploy service access to expand tags and interact with Auto Scaling on your behalf.",
        [
            allow(
                "autoscaling:* ec2:DescribeInstances ec2:DescribeInstanceStatus ec2:TerminateInstances "
                "tag:GetResources "
                "sns:Publish cloudwatch:DescribeAlarms cloudwatch:PutMetricAlarm "
                "elasticloadbalancing:DescribeLoadBalancers "
                "elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth "
                "elasticloadbalancing:RegisterTargets elasticloadbalancing:DeregisterTargets"
            )
        ],
        _SERVICE,
    ),
    Entry(
        "AWSCodeDeployRoleForECS",
        "Provides CodeDeploy service wide access to perform an ECS blue/green deployment on your behalf.",
        [
            allow(
                "ecs:DescribeServices ecs:CreateTaskSet ecs:UpdateServicePrimaryTaskSet ecs:DeleteTaskSet "
                "elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeListeners "
                "elasticloadbalancing:ModifyListener elasticloadbalancing:DescribeRules "
                "elasticloadbalancing:ModifyRule "
                "lambda:InvokeFunction cloudwatch:DescribeAlarms sns:Publish s3:GetObject s3:GetObjectVersion"
            ),
            pass_role("ecs-tasks.amazonaws.com"),
        ],
    ),
    Entry(
        "AWSCodeDeployRoleForECSLimited",
        "Provides CodeDeploy service limited access to perform an ECS blue/green deployment on your behalf.",
        [
            allow(
                "ecs:DescribeServices ecs:CreateTaskSet ecs:UpdateServicePrimaryTaskSet ecs:DeleteTaskSet "
                "cloudwatch:DescribeAlarms"
            ),
            allow("sns:Publish", "arn:aws:sns:*:*:CodeDeployTopic_*"),
            allow(
                "elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeListeners "
                "elasticloadbalancing:ModifyListener elasticloadbalancing:DescribeRules elasticloadbalancing:ModifyRule"
            ),
            allow("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:CodeDeployHook_*"),
            allow(
                "s3:GetObject s3:GetObjectVersion",
                Condition={"StringEquals": {"s3:ExistingObjectTag/UseWithCodeDeploy": "true"}},
            ),
            pass_role("ecs-tasks.amazonaws.com"),
        ],
    ),
    Entry(
        "AWSCodeDeployRoleForLambda",
        "Provides CodeDeploy service access to perform a Lambda deployment on your behalf.",
        [
            allow(
                "cloudwatch:DescribeAlarms lambda:UpdateAlias lambda:GetAlias "
                "lambda:GetProvisionedConcurrencyConfig sns:Publish"
            ),
            allow("s3:GetObject s3:GetObjectVersion", "arn:aws:s3:::*/CodeDeploy/*"),
            allow("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:CodeDeployHook_*"),
        ],
        _SERVICE,
    ),
    Entry(
        "AWSCodeDeployRoleForLambdaLimited",
        "Provides CodeDeploy service limited access to perform a Lambda deployment on your behalf.",
        [
            allow(
                "cloudwatch:DescribeAlarms lambda:UpdateAlias lambda:GetAlias lambda:GetProvisionedConcurrencyConfig"
            ),
            allow("s3:GetObject s3:GetObjectVersion", "arn:aws:s3:::*/CodeDeploy/*"),
            allow("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:CodeDeployHook_*"),
        ],
        _SERVICE,
    ),
    Entry(
        "AWSCodePipeline_FullAccess",
        "Provides full access to AWS CodePipeline via the AWS Management Console.",
        [
            allow(
                "codepipeline:* cloudformation:DescribeStacks cloudformation:ListStacks cloudformation:ListChangeSets "
                "cloudtrail:DescribeTrails codebuild:BatchGetProjects codebuild:CreateProject "
                "codebuild:ListCuratedEnvironmentImages "
                "codebuild:ListProjects codecommit:ListBranches codecommit:GetReferences codecommit:ListRepositories "
                "codedeploy:BatchGetDeploymentGroups codedeploy:ListApplications codedeploy:ListDeploymentGroups "
                "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs ecr:DescribeRepositories "
                "ecr:ListImages "
                "ecs:ListClusters ecs:ListServices iam:ListRoles iam:GetRole lambda:ListFunctions events:* "
                "s3:ListAllMyBuckets s3:GetBucketPolicy s3:GetBucketVersioning s3:GetObjectVersion s3:CreateBucket "
                "s3:PutBucketPolicy sns:ListTopics"
            ),
            pass_role("codepipeline.amazonaws.com", "events.amazonaws.com"),
        ],
    ),
    Entry(
        "AWSCodePipeline_ReadOnlyAccess",
        "Provides read only access to AWS CodePipeline via the AWS Management Console.",
        [
            allow(
                "codepipeline:GetPipeline codepipeline:GetPipelineState codepipeline:GetPipelineExecution "
                "codepipeline:ListPipelineExecutions codepipeline:ListActionExecutions codepipeline:ListActionTypes "
                "codepipeline:ListPipelines codepipeline:ListTagsForResource s3:ListAllMyBuckets s3:GetBucketPolicy "
                "codecommit:ListBranches codecommit:ListRepositories codedeploy:GetApplication "
                "codedeploy:GetDeploymentGroup"
            )
        ],
    ),
    Entry(
        "AWSCodePipelineApproverAccess",
        "Provides access to view and approve manual changes for all pipelines",
        [
            allow(
                "codepipeline:GetPipeline codepipeline:GetPipelineState codepipeline:GetPipelineExecution "
                "codepipeline:ListPipelineExecutions codepipeline:ListPipelines codepipeline:PutApprovalResult"
            )
        ],
    ),
    Entry(
        "AWSCodePipelineCustomActionAccess",
        "Provides access for custom actions to poll for jobs details and report status updates to AWS CodePipeline.",
        [
            allow(
                "codepipeline:AcknowledgeJob codepipeline:GetJobDetails codepipeline:PollForJobs "
                "codepipeline:PutJobFailureResult codepipeline:PutJobSuccessResult"
            )
        ],
    ),
    Entry(
        "AmazonEC2ContainerRegistryFullAccess",
        "Provides administrative access to Amazon ECR resources",
        [allow("ecr:* cloudtrail:LookupEvents"), allow("iam:CreateServiceLinkedRole")],
    ),
    Entry(
        "AmazonEC2ContainerRegistryPowerUser",
        "Provides full access to Amazon EC2 Container Registry repositories, but does not allow repository deletion.",
        [allow(f"{_PULL} {_PUSH}")],
    ),
    Entry(
        "AmazonEC2ContainerRegistryReadOnly",
        "Provides read-only access to Amazon EC2 Container Registry repositories.",
        [allow(_PULL)],
    ),
    Entry(
        "AmazonEC2ContainerRegistryPullOnly",
        "Provides access to pull images from Amazon EC2 Container Registry repositories.",
        [
            allow(
                "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage"
            )
        ],
    ),
    Entry(
        "AmazonECSTaskExecutionRolePolicy",
        "Provides access to other AWS service resources that are required to run Amazon ECS tasks",
        [
            allow(
                "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer "
                "ecr:BatchGetImage "
                "logs:CreateLogStream logs:PutLogEvents"
            )
        ],
        _SERVICE,
    ),
    Entry(
        "AmazonECSServiceRolePolicy",
        "Policy to enable Amazon ECS to manage your cluster.",
        [
            allow(
                "ec2:Describe* elasticloadbalancing:Describe* elasticloadbalancing:RegisterTargets "
                "elasticloadbalancing:DeregisterTargets elasticloadbalancing:ModifyListener "
                "elasticloadbalancing:ModifyRule "
                "cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:PutMetricAlarm "
                f"{_LOGS_WRITE} logs:DescribeLogGroups events:*"
            )
        ],
        "/aws-service-role/",
    ),
    Entry(
        "AmazonEC2ContainerServiceEventsRole",
        "Policy to enable CloudWatch Events for EC2 Container Service",
        [allow("ecs:RunTask"), pass_role("ecs-tasks.amazonaws.com")],
        _SERVICE,
    ),
    Entry(
        "AWSLambdaBasicExecutionRole",
        "Provides write permissions to CloudWatch Logs.",
        [allow(_LOGS_WRITE)],
        _SERVICE,
    ),
    Entry(
        "AWSLambdaVPCAccessExecutionRole",
        "Provides minimum permissions for a Lambda function to execute while accessing a resource within a VPC.",
        [
            allow(
                f"{_LOGS_WRITE} ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets "
                "ec2:DeleteNetworkInterface"
            )
        ],
        _SERVICE,
    ),
    Entry(
        "AWSLambdaRole",
        "Default policy for AWS Lambda service role.",
        [allow("lambda:InvokeFunction")],
        _SERVICE,
    ),
    Entry(
        "CloudWatchEventsBuiltInTargetExecutionAccess",
        "Allows built-in targets in Amazon CloudWatch Events to perform EC2 actions on your behalf.",
        [allow("ec2:Describe* ec2:RebootInstances ec2:StopInstances ec2:TerminateInstances ec2:CreateSnapshot")],
        _SERVICE,
    ),
    Entry(
        "CloudWatchAgentServerPolicy",
        "Permissions required to use AmazonCloudWatchAgent on servers",
        [
            allow(
                "cloudwatch:PutMetricData ec2:DescribeVolumes ec2:DescribeTags logs:PutLogEvents "
                "logs:PutRetentionPolicy logs:DescribeLogStreams logs:DescribeLogGroups logs:CreateLogStream "
                "logs:CreateLogGroup xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules "
                "xray:GetSamplingTargets xray:GetSamplingStatisticSummaries"
            ),
            allow("ssm:GetParameter", "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"),
        ],
    ),
    Entry(
        "AmazonSSMManagedInstanceCore",
        "The policy for Amazon EC2 Role to enable AWS Systems Manager service core functionality.",
        [allow("ssm:DescribeAssociation ssm:GetDocument ssm:DescribeDocument ssm:GetParameter ssm:GetParameters")],
    ),
]
