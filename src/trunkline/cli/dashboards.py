"""`trunkline dashboards`: one dashboard for each service and function of a stack, shown or put into CloudWatch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson
from botocore.exceptions import ClientError

from trunkline.cli import endpoint
from trunkline.cli.dashboard_widgets import Workload, body

Doc = dict[str, Any]
_LIVING = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
)
_MOST_DEPLOYMENTS = 20


@click.command()
@endpoint.DATA_DIR
@endpoint.AS_JSON
@click.argument("stack", required=False)
@click.option("--put", is_flag=True, help="put them into CloudWatch; without it, only show what they would be")
def command(data_dir: Path, as_json: bool, stack: str | None, put: bool) -> None:
    """Make a dashboard for each ECS service and Lambda function of STACK (by default, of every stack).

    Traffic, errors, latency and saturation, with the deployments marked in each graph.
    """
    server = endpoint.find(data_dir)
    found: dict[str, Doc] = {}
    try:
        for name in [stack] if stack else _stacks(server):
            for workload in _workloads(server, name):
                found[f"{name}-{workload.name}"] = body(workload, server.region)
        if put:
            cloudwatch = server.client("cloudwatch")
            for name, dashboard in found.items():
                cloudwatch.put_dashboard(DashboardName=name, DashboardBody=orjson.dumps(dashboard).decode())
    except ClientError as error:
        raise click.ClickException(error.response["Error"]["Message"]) from error
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    if not found:
        click.echo("no ECS service and no Lambda function found")
    for name, dashboard in found.items():
        titles = [widget["properties"]["title"] for widget in dashboard["widgets"] if widget["type"] == "metric"]
        click.echo(f"{'put' if put else 'would put'}  {name}  {', '.join(titles).lower()}")


def _stacks(server: endpoint.Endpoint) -> list[str]:
    pages = server.client("cloudformation").get_paginator("list_stacks").paginate(StackStatusFilter=list(_LIVING))
    return sorted(one["StackName"] for page in pages for one in page["StackSummaries"])


def _workloads(server: endpoint.Endpoint, stack: str) -> Iterator[Workload]:
    pages = server.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            physical = resource.get("PhysicalResourceId", "")
            if resource["ResourceType"] == "AWS::ECS::Service" and physical:
                yield _service(server, physical)
            elif resource["ResourceType"] == "AWS::Lambda::Function" and physical:
                yield Workload("function", physical, ["FunctionName", physical])


def _service(server: endpoint.Endpoint, arn: str) -> Workload:
    cluster, name = arn.split("/")[-2:]
    [service] = server.client("ecs").describe_services(cluster=cluster, services=[name])["services"]
    groups = {one["targetGroupArn"] for one in service.get("loadBalancers", ()) if "targetGroupArn" in one}
    deployments = [
        {"time": one["createdAt"].isoformat(), "label": one["taskDefinition"].rpartition("/")[2]}
        for one in service.get("deployments", ())
    ]
    if service.get("deploymentController", {}).get("type") == "CODE_DEPLOY":
        groups, deployments = _by_codedeploy(server, cluster, name, groups)
    groups |= {one["targetGroupArn"] for task_set in service.get("taskSets", ()) for one in task_set["loadBalancers"]}
    return Workload(
        "service", name, ["ClusterName", cluster, "ServiceName", name], _balanced(server, groups), deployments
    )


def _by_codedeploy(server: endpoint.Endpoint, cluster: str, name: str, groups: set[str]) -> tuple[set[str], list[Doc]]:
    """Both target groups of a blue/green pair, and the deployments that there were."""
    codedeploy, balancing = server.client("codedeploy"), server.client("elbv2")
    for application in codedeploy.list_applications()["applications"]:
        for group in codedeploy.list_deployment_groups(applicationName=application)["deploymentGroups"]:
            where = {"applicationName": application, "deploymentGroupName": group}
            found = codedeploy.get_deployment_group(**where)["deploymentGroupInfo"]
            if {"serviceName": name, "clusterName": cluster} not in found.get("ecsServices", ()):
                continue
            pairs = found.get("loadBalancerInfo", {}).get("targetGroupPairInfoList", ())
            names = [one["name"] for pair in pairs for one in pair["targetGroups"]]
            described = balancing.describe_target_groups(Names=names)["TargetGroups"] if names else []
            deployments = []
            for deployment in codedeploy.list_deployments(**where)["deployments"][:_MOST_DEPLOYMENTS]:
                told = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
                deployments.append({"time": told["createTime"].isoformat(), "label": deployment})
            return groups | {one["TargetGroupArn"] for one in described}, deployments
    return groups, []


def _balanced(server: endpoint.Endpoint, groups: set[str]) -> list[tuple[str, str]]:
    """The metric dimensions of target groups: the load balancer's and their own."""
    if not groups:
        return []
    described = server.client("elbv2").describe_target_groups(TargetGroupArns=sorted(groups))["TargetGroups"]
    return [
        (balancer.partition(":loadbalancer/")[2], group["TargetGroupArn"].rpartition(":")[2])
        for group in described
        for balancer in group["LoadBalancerArns"]
    ]
