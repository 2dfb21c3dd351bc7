"""The actions that Trunkline runs, by category and provider."""

from collections.abc import Awaitable, Callable

from trunkline.services.codepipeline.action import Action, Outcome
from trunkline.services.codepipeline.actions import (
    approval,
    cloudformation,
    codebuild,
    codedeploy_to_ecs,
    deploy_ecs,
    deploy_s3,
    invoke_lambda,
    sources,
)

Perform = Callable[[Action], Awaitable[Outcome]]

PERFORM: dict[tuple[str, str], Perform] = {
    ("Source", "CodeCommit"): sources.codecommit,
    ("Source", "S3"): sources.s3,
    ("Source", "ECR"): sources.ecr,
    ("Build", "CodeBuild"): codebuild.perform,
    ("Test", "CodeBuild"): codebuild.perform,
    ("Approval", "Manual"): approval.perform,
    ("Deploy", "CodeDeployToECS"): codedeploy_to_ecs.perform,
    ("Deploy", "ECS"): deploy_ecs.perform,
    ("Deploy", "S3"): deploy_s3.perform,
    ("Deploy", "CloudFormation"): cloudformation.perform,
    ("Invoke", "Lambda"): invoke_lambda.perform,
}
