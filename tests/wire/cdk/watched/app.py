"""A service, a build project and a function that say what `message.txt` says: all of them can be hotswapped.

Context: `prefix` keeps the names of one test run apart.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

HERE = Path(__file__).parent


class Watched(cdk.Stack):
    """What a developer changes all day."""

    def __init__(self, scope: Construct, name: str, message: str) -> None:
        super().__init__(scope, name)
        group = logs.LogGroup(self, "Log", log_group_name=name, removal_policy=cdk.RemovalPolicy.DESTROY)
        self._service(group, message)
        codebuild.Project(
            self,
            "Project",
            project_name=name,
            logging=codebuild.LoggingOptions(
                cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=group, prefix="build")
            ),
            environment_variables={"MESSAGE": codebuild.BuildEnvironmentVariable(value=message)},
            build_spec=codebuild.BuildSpec.from_object(
                {"version": 0.2, "phases": {"build": {"commands": [f'echo "specified {message}, runs $MESSAGE"']}}}
            ),
        )
        lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline(f"def handler(event, context):\n    return {message!r}\n"),
        )

    def _service(self, group: logs.LogGroup, message: str) -> None:
        subnet = ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC)
        vpc = ec2.Vpc(self, "Vpc", max_azs=1, nat_gateways=0, subnet_configuration=[subnet])
        task = ecs.FargateTaskDefinition(self, "Task")
        image = assets.DockerImageAsset(self, "Image", directory=str(HERE / "image"), build_args={"MESSAGE": message})
        task.add_container(
            "say",
            image=ecs.ContainerImage.from_docker_image_asset(image),
            environment={"MESSAGE": message},
            logging=ecs.LogDrivers.aws_logs(stream_prefix="task", log_group=group),
        )
        ecs.FargateService(
            self,
            "Service",
            cluster=ecs.Cluster(self, "Cluster", vpc=vpc, cluster_name=self.stack_name),
            service_name=self.stack_name,
            task_definition=task,
            assign_public_ip=True,
            min_healthy_percent=0,
        )


app = cdk.App()
prefix = app.node.try_get_context("prefix") or "cdk"
Watched(app, f"{prefix}-watched", (HERE / "message.txt").read_text().strip())
app.synth()
