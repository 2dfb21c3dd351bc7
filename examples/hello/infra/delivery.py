"""Repository, build, production behind a load balancer, blue/green deployments, and the pipeline that joins them."""

import aws_cdk as cdk
from aws_cdk import (
    aws_cloudwatch as cloudwatch,
)
from aws_cdk import (
    aws_codebuild as codebuild,
)
from aws_cdk import (
    aws_codecommit as codecommit,
)
from aws_cdk import (
    aws_codedeploy as codedeploy,
)
from aws_cdk import (
    aws_codepipeline as codepipeline,
)
from aws_cdk import (
    aws_codepipeline_actions as actions,
)
from aws_cdk import (
    aws_ec2 as ec2,
)
from aws_cdk import (
    aws_ecr as ecr,
)
from aws_cdk import (
    aws_ecs as ecs,
)
from aws_cdk import (
    aws_elasticloadbalancingv2 as elbv2,
)
from aws_cdk import (
    aws_iam as iam,
)
from aws_cdk import (
    aws_logs as logs,
)
from aws_cdk import (
    aws_s3 as s3,
)
from constructs import Construct

NAME = "hello"
PORT = 8080

# What runs before the first deployment: there is no image of our own yet.
PLACEHOLDER = """
import os, signal
from http.server import *
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.send_header("X-Version", "0")
        self.end_headers()
    def log_message(self, *a): pass
ThreadingHTTPServer(("", 8080), H).serve_forever()
"""


class Delivery(cdk.Stack):
    """Everything between `git push` and production."""

    def __init__(self, scope: Construct, name: str, *, deployment_config: str, listener_port: int) -> None:
        super().__init__(scope, name)
        repository = codecommit.Repository(self, "Repository", repository_name=NAME)
        images = ecr.Repository(
            self, "Images", repository_name=NAME, removal_policy=cdk.RemovalPolicy.DESTROY, empty_on_delete=True
        )
        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC)],
        )
        service = self._service(vpc, images)
        project = self._project(images, service.task_definition)
        balancer, listener, blue, green = self._load_balancer(vpc, service, listener_port)
        alarm = cloudwatch.Alarm(
            self,
            "Errors",
            alarm_name=f"{NAME}-5xx",
            alarm_description="The targets answer with errors.",
            metric=balancer.metrics.http_code_target(
                elbv2.HttpCodeTarget.TARGET_5XX_COUNT, period=cdk.Duration.seconds(10), statistic="Sum"
            ),
            threshold=3,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        group = codedeploy.EcsDeploymentGroup(
            self,
            "DeploymentGroup",
            application=codedeploy.EcsApplication(self, "Application", application_name=NAME),
            deployment_group_name=NAME,
            service=service,
            blue_green_deployment_config=codedeploy.EcsBlueGreenDeploymentConfig(
                blue_target_group=blue,
                green_target_group=green,
                listener=listener,
                termination_wait_time=cdk.Duration.minutes(0),
            ),
            deployment_config=codedeploy.EcsDeploymentConfig.from_ecs_deployment_config_name(
                self, "Configuration", deployment_config
            ),
            alarms=[alarm],
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
        )
        self._pipeline(repository, project, group)
        cdk.CfnOutput(self, "CloneUrl", value=repository.repository_clone_url_http)
        cdk.CfnOutput(self, "Host", value=balancer.load_balancer_dns_name)
        cdk.CfnOutput(self, "Port", value=str(listener_port))

    def _project(self, images: ecr.Repository, definition: ecs.TaskDefinition) -> codebuild.PipelineProject:
        project = codebuild.PipelineProject(
            self,
            "Build",
            project_name=NAME,
            environment=codebuild.BuildEnvironment(build_image=codebuild.LinuxBuildImage.STANDARD_7_0, privileged=True),
            environment_variables={
                name: codebuild.BuildEnvironmentVariable(value=value)
                for name, value in {
                    "REPOSITORY_URI": images.repository_uri,
                    "EXECUTION_ROLE_ARN": definition.obtain_execution_role().role_arn,
                }.items()
            },
        )
        images.grant_pull_push(project)
        return project

    def _service(self, vpc: ec2.Vpc, images: ecr.Repository) -> ecs.FargateService:
        definition = ecs.FargateTaskDefinition(self, "Task", family=NAME, cpu=256, memory_limit_mib=512)
        definition.add_container(
            NAME,
            image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/python:3.11-slim"),
            command=["python3", "-c", PLACEHOLDER],
            port_mappings=[ecs.PortMapping(container_port=PORT)],
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=NAME,
                log_group=logs.LogGroup(
                    self, "Log", log_group_name=f"/ecs/{NAME}", removal_policy=cdk.RemovalPolicy.DESTROY
                ),
            ),
        )
        # The tasks of later versions, which the pipeline registers, run with this role too.
        images.grant_pull(definition.obtain_execution_role())
        return ecs.FargateService(
            self,
            "Service",
            service_name=NAME,
            cluster=ecs.Cluster(self, "Cluster", cluster_name=NAME, vpc=vpc),
            task_definition=definition,
            desired_count=1,
            assign_public_ip=True,
            min_healthy_percent=100,
            deployment_controller=ecs.DeploymentController(type=ecs.DeploymentControllerType.CODE_DEPLOY),
        )

    def _load_balancer(
        self, vpc: ec2.Vpc, service: ecs.FargateService, listener_port: int
    ) -> tuple[
        elbv2.ApplicationLoadBalancer,
        elbv2.ApplicationListener,
        elbv2.ApplicationTargetGroup,
        elbv2.ApplicationTargetGroup,
    ]:
        balancer = elbv2.ApplicationLoadBalancer(
            self, "LoadBalancer", load_balancer_name=NAME, vpc=vpc, internet_facing=True
        )
        blue, green = (
            elbv2.ApplicationTargetGroup(
                self,
                colour.capitalize(),
                target_group_name=f"{NAME}-{colour}",
                vpc=vpc,
                port=PORT,
                protocol=elbv2.ApplicationProtocol.HTTP,
                target_type=elbv2.TargetType.IP,
                deregistration_delay=cdk.Duration.seconds(5),
                health_check=elbv2.HealthCheck(
                    path="/health",
                    interval=cdk.Duration.seconds(5),
                    timeout=cdk.Duration.seconds(2),
                    healthy_threshold_count=2,
                ),
            )
            for colour in ("blue", "green")
        )
        listener = balancer.add_listener(
            "Production",
            port=listener_port,
            open=True,
            default_target_groups=[blue],
            protocol=elbv2.ApplicationProtocol.HTTP,
        )
        blue.add_target(service)
        service.connections.allow_from(balancer, ec2.Port.tcp(PORT))
        return balancer, listener, blue, green

    def _pipeline(
        self,
        repository: codecommit.Repository,
        project: codebuild.PipelineProject,
        group: codedeploy.EcsDeploymentGroup,
    ) -> None:
        artifacts = s3.Bucket(self, "Artifacts", removal_policy=cdk.RemovalPolicy.DESTROY, auto_delete_objects=True)
        source, built = codepipeline.Artifact("source"), codepipeline.Artifact("built")
        pipeline = codepipeline.Pipeline(
            self,
            "Pipeline",
            pipeline_name=NAME,
            pipeline_type=codepipeline.PipelineType.V2,
            artifact_bucket=artifacts,
            stages=[
                codepipeline.StageProps(
                    stage_name="Source",
                    actions=[
                        actions.CodeCommitSourceAction(
                            action_name="Source", repository=repository, branch="main", output=source
                        )
                    ],
                ),
                codepipeline.StageProps(
                    stage_name="Build",
                    actions=[
                        actions.CodeBuildAction(action_name="Build", project=project, input=source, outputs=[built])
                    ],
                ),
                codepipeline.StageProps(
                    stage_name="Approve", actions=[actions.ManualApprovalAction(action_name="Approve")]
                ),
                codepipeline.StageProps(
                    stage_name="Deploy",
                    actions=[
                        actions.CodeDeployEcsDeployAction(
                            action_name="Deploy",
                            deployment_group=group,
                            task_definition_template_input=built,
                            app_spec_template_input=built,
                            container_image_inputs=[
                                actions.CodeDeployEcsContainerImageInput(
                                    input=built, task_definition_placeholder="IMAGE1_NAME"
                                )
                            ],
                        )
                    ],
                ),
            ],
        )
        pipeline.add_to_role_policy(iam.PolicyStatement(actions=["ecs:*", "iam:PassRole"], resources=["*"]))
