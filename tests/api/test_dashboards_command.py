"""`trunkline dashboards`: a dashboard for each service of a stack, which CloudWatch takes as it is."""

import json

import pytest
from click.testing import CliRunner
from tests.support.resource_samples.elbv2 import network
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY
from tests.support.stacks import Stacks

from trunkline.cli.dashboard_widgets import Workload, body
from trunkline.cli.dashboards import command

_SUBNETS = [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}]
_CONTAINER = {
    "Name": "web",
    "Image": "public.ecr.aws/docker/library/debian:12-slim",
    "PortMappings": [{"ContainerPort": 8080}],
}
_TARGETS = {"TargetType": "ip", "Port": 8080, "Protocol": "HTTP", "VpcId": {"Ref": "Vpc"}}
_RESOURCES = {
    "Cluster": ("AWS::ECS::Cluster", {}),
    "Balancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Subnets": _SUBNETS}),
    "Targets": ("AWS::ElasticLoadBalancingV2::TargetGroup", _TARGETS),
    "Listener": (
        "AWS::ElasticLoadBalancingV2::Listener",
        {
            "LoadBalancerArn": {"Ref": "Balancer"},
            "Port": 80,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
        },
    ),
    "Definition": (
        "AWS::ECS::TaskDefinition",
        {
            "RequiresCompatibilities": ["FARGATE"],
            "NetworkMode": "awsvpc",
            "Cpu": "256",
            "Memory": "512",
            "ContainerDefinitions": [_CONTAINER],
        },
    ),
    "Service": (
        "AWS::ECS::Service",
        {
            "Cluster": {"Ref": "Cluster"},
            "TaskDefinition": {"Ref": "Definition"},
            "LaunchType": "FARGATE",
            "DesiredCount": 0,
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": _SUBNETS}},
            "LoadBalancers": [{"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": {"Ref": "Targets"}}],
        },
    ),
}


@pytest.fixture
def run(server, monkeypatch):
    environment = {
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
    }
    return lambda *arguments: CliRunner(env=environment).invoke(command, arguments)


def test_a_service_of_a_stack_gets_its_dashboard(aws, name, run):
    resources = {**network("10.97.0.0/16"), **_RESOURCES}
    template = {key: {"Type": kind, "Properties": properties} for key, (kind, properties) in resources.items()}
    template["Service"]["DependsOn"] = "Listener"
    stack = Stacks(aws("cloudformation"), name)
    stack.create(template)
    said = run(name, "--put")
    assert said.exit_code == 0, said.output
    assert "traffic, errors, latency, saturation, hosts" in said.output
    cloudwatch = aws("cloudwatch")
    [entry] = cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    shown = json.loads(cloudwatch.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"])
    traffic = next(one for one in shown["widgets"] if one["properties"].get("title") == "Traffic")["properties"]
    [[namespace, metric, *dimensions]] = traffic["metrics"]
    assert (namespace, metric) == ("AWS/ApplicationELB", "RequestCount")
    assert dimensions[1].startswith("targetgroup/") and dimensions[3].startswith("app/")
    assert traffic["annotations"]["vertical"], "the deployment is marked"
    picture = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(traffic))["MetricWidgetImage"]
    assert picture.startswith(b"\x89PNG")
    cloudwatch.delete_dashboards(DashboardNames=[entry["DashboardName"]])
    stack.delete()


def test_a_stack_that_is_not_there_is_told(run, name):
    said = run(name)
    assert said.exit_code == 1 and "does not exist" in said.output


def test_a_function_is_watched_for_its_error_rate():
    made = body(Workload("function", "checkout", ["FunctionName", "checkout"]), "eu-west-1")
    titles = [one["properties"].get("title") for one in made["widgets"]]
    assert titles == [None, "Traffic", "Errors", "Latency", "Saturation"]
    errors = made["widgets"][2]["properties"]["metrics"]
    assert errors[-1][0]["expression"] == "100 * errors / invocations"
