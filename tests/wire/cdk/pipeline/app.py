"""A pipeline that deploys itself and then an app, fed by CodeCommit.

The repository holds the assembly instead of this app, so that the build needs no package index. Context: `prefix` keeps
the names of a test run apart; `message` is what the app's stack says; `greeting` adds one more parameter to it.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from aws_cdk import pipelines
from constructs import Construct

HERE = Path(__file__).parent


class Production(cdk.Stage):
    """What the pipeline deploys: a parameter and a function, whose code it publishes first."""

    def __init__(self, scope: Construct, name: str, prefix: str, message: str) -> None:
        super().__init__(scope, name)
        stack = cdk.Stack(self, "app", stack_name=f"{prefix}-app")
        ssm.StringParameter(stack, "Message", parameter_name=f"/{prefix}/message", string_value=message)
        lambda_.Function(
            stack,
            "Function",
            function_name=f"{prefix}-app",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_asset(str(HERE / "handler")),
            environment={"MESSAGE": message},
        )


class Delivery(cdk.Stack):
    """Source, synth, self-mutation, and a stage for each production."""

    def __init__(self, scope: Construct, name: str, prefix: str, message: str, stages: list[str]) -> None:
        super().__init__(scope, name)
        repository = codecommit.Repository(self, "Repository", repository_name=prefix)
        pipeline = pipelines.CodePipeline(
            self,
            "Pipeline",
            pipeline_name=prefix,
            cli_version="2.1148.1",
            synth=pipelines.ShellStep(
                "Synth",
                input=pipelines.CodePipelineSource.code_commit(repository, "main"),
                commands=["cp -r assembly cdk.out"],
            ),
        )
        for stage in stages:
            pipeline.add_stage(Production(self, stage, f"{prefix}-{stage}", message))


app = cdk.App()
prefix = app.node.try_get_context("prefix") or "pipe"
message = app.node.try_get_context("message") or "one"
stages = (app.node.try_get_context("stages") or "blue").split(",")
Delivery(app, f"{prefix}-delivery", prefix, message, stages)
app.synth()
