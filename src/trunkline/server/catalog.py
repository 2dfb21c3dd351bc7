"""The services that this server offers: the folders of `trunkline.services`, in the order they start."""

SERVICES: tuple[str, ...] = (
    "iam",
    "sts",
    "kms",
    "ssm",
    "secretsmanager",
    "s3",
    "logs",
    "cloudwatch",
    "sns",
    "events",
    "ec2",
    "elbv2",
    "ecr",
    "ecs",
    "codecommit",
    "codebuild",
    "codedeploy",
    "codepipeline",
    "cloudcontrol",
    "cloudformation",
)
