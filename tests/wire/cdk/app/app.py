"""Stacks as CDK users write them, deployed by the tests beside this folder with the real CDK CLI.

Context: `prefix` keeps the names of one test run apart; `message` is what a test changes between two deployments.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

HERE = Path(__file__).parent


class Service(cdk.Stack):
    """A VPC with private subnets and a Fargate service from a local image behind a load balancer."""

    def __init__(self, scope: Construct, name: str, message: str) -> None:
        super().__init__(scope, name)
        vpc = ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=1)
        image = assets.DockerImageAsset(self, "Image", directory=str(HERE / "image"), build_args={"MESSAGE": message})
        service = patterns.ApplicationLoadBalancedFargateService(
            self,
            "Web",
            cluster=ecs.Cluster(self, "Cluster", vpc=vpc),
            cpu=256,
            memory_limit_mib=512,
            desired_count=1,
            min_healthy_percent=100,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
                image=ecs.ContainerImage.from_docker_image_asset(image), container_port=8000
            ),
        )
        service.target_group.configure_health_check(
            path="/", interval=cdk.Duration.seconds(5), timeout=cdk.Duration.seconds(2), healthy_threshold_count=2
        )
        service.target_group.set_attribute("deregistration_delay.timeout_seconds", "1")
        scaling = service.service.auto_scale_task_count(max_capacity=3)
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=70)


class Site(cdk.Stack):
    """A bucket whose contents come with the stack and go with it."""

    def __init__(self, scope: Construct, name: str, message: str) -> None:
        super().__init__(scope, name)
        bucket = s3.Bucket(self, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        deployment.BucketDeployment(
            self,
            "Content",
            destination_bucket=bucket,
            sources=[
                deployment.Source.asset(str(HERE / "site")),
                deployment.Source.data("message.txt", message),
            ],
        )
        cdk.CfnOutput(self, "BucketName", value=bucket.bucket_name)


class Inner(cdk.NestedStack):
    """A queue named by its parent's parameter."""

    def __init__(self, scope: Construct, name: str, topic: sns.Topic, message: str) -> None:
        super().__init__(scope, name)
        self.queue = sqs.Queue(self, "Queue", visibility_timeout=cdk.Duration.seconds(45))
        ssm.StringParameter(self, "Topic", string_value=topic.topic_arn)
        ssm.StringParameter(self, "Message", string_value=message)


class Outer(cdk.Stack):
    """A stack with a nested one that takes a reference and gives one back."""

    def __init__(self, scope: Construct, name: str, message: str) -> None:
        super().__init__(scope, name)
        inner = Inner(self, "Inner", sns.Topic(self, "Topic"), message)
        ssm.StringParameter(self, "Queue", string_value=inner.queue.queue_arn)
        cdk.CfnOutput(self, "QueueUrl", value=inner.queue.queue_url)


class Producer(cdk.Stack):
    """What another stack refers to."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.topic = sns.Topic(self, "Topic")


class Consumer(cdk.Stack):
    """Refers to another stack's topic: an export and an import."""

    def __init__(self, scope: Construct, name: str, producer: Producer, message: str) -> None:
        super().__init__(scope, name)
        ssm.StringParameter(self, "Message", string_value=message)
        cdk.CfnOutput(self, "TopicArn", value=producer.topic.topic_arn)


class Functions(cdk.Stack):
    """One function from inline code, one from an asset."""

    def __init__(self, scope: Construct, name: str, message: str) -> None:
        super().__init__(scope, name)
        inline = lambda_.Function(
            self,
            "Inline",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=lambda_.Code.from_inline(f"def handler(event, context):\n    return {message!r}\n"),
        )
        packed = lambda_.Function(
            self,
            "Packed",
            runtime=lambda_.Runtime.NODEJS_20_X,
            handler="main.handler",
            code=lambda_.Code.from_asset(str(HERE / "handler")),
            environment={"MESSAGE": message},
        )
        cdk.CfnOutput(self, "InlineName", value=inline.function_name)
        cdk.CfnOutput(self, "PackedName", value=packed.function_name)


app = cdk.App()
prefix = app.node.try_get_context("prefix") or "cdk"
message = app.node.try_get_context("message") or "one"
Service(app, f"{prefix}-service", message)
Site(app, f"{prefix}-site", message)
Outer(app, f"{prefix}-outer", message)
Consumer(app, f"{prefix}-consumer", Producer(app, f"{prefix}-producer"), message)
Functions(app, f"{prefix}-functions", message)
app.synth()
