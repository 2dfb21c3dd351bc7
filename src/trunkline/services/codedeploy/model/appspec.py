"""The AppSpec file of an ECS deployment: JSON or YAML, from outside, so nothing in it is trusted.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html#reference-appspec-file-structure-resources-ecs
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trunkline.core import yaml_text
from trunkline.services.codedeploy.model.deployments import Failure

Doc = dict[str, Any]
HOOKS = ("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")


@dataclass(frozen=True)
class AppSpec:
    """What an ECS deployment takes from the file."""

    task_definition: str
    container_name: str
    container_port: int
    platform_version: str | None = None
    network: Doc | None = None
    capacity_providers: list[Doc] | None = None
    hooks: dict[str, str] = field(default_factory=dict)


def parse(content: str) -> AppSpec:
    """Read the file, or say in one sentence why the deployment fails."""
    try:
        found = yaml_text.load(content)  # JSON is YAML
    except yaml_text.YamlError as error:
        raise _invalid(f"The AppSpec file is neither valid JSON nor valid YAML: {error}.") from error
    if not isinstance(found, dict):
        raise _invalid("The AppSpec file is not a mapping.")
    service = _target(found.get("Resources", found.get("resources")))
    balancer = service.get("LoadBalancerInfo")
    if not isinstance(balancer, dict):
        raise _invalid("The AppSpec file has no LoadBalancerInfo with ContainerName and ContainerPort.")
    return AppSpec(
        task_definition=_text(service, "TaskDefinition"),
        container_name=_text(balancer, "ContainerName"),
        container_port=_port(balancer.get("ContainerPort")),
        platform_version=service.get("PlatformVersion") or None,
        network=_network(service.get("NetworkConfiguration")),
        capacity_providers=_providers(service.get("CapacityProviderStrategy")),
        hooks=_hooks(found.get("Hooks", found.get("hooks"))),
    )


def _target(resources: Any) -> Doc:
    targets = (
        [
            target
            for resource in resources
            if isinstance(resource, dict)
            for target in resource.values()
            if isinstance(target, dict) and target.get("Type") == "AWS::ECS::Service"
        ]
        if isinstance(resources, list)
        else []
    )
    if len(targets) != 1:
        raise _invalid(f"The AppSpec file names {len(targets)} resources of type AWS::ECS::Service; it takes one.")
    properties = targets[0].get("Properties")
    if not isinstance(properties, dict):
        raise _invalid("The AppSpec file's AWS::ECS::Service resource has no Properties.")
    return properties


def _hooks(hooks: Any) -> dict[str, str]:
    """Event → function, in the form of AWS: a list of mappings with one event each."""
    if not hooks:
        return {}
    if not isinstance(hooks, list) or not all(isinstance(hook, dict) for hook in hooks):
        raise _invalid("The AppSpec file's Hooks section is not a list of lifecycle events.")
    found: dict[str, str] = {}
    for name, function in (pair for hook in hooks for pair in hook.items()):
        if name not in HOOKS:
            raise _invalid(f"The AppSpec file has the hook {name}; an ECS deployment has {', '.join(HOOKS)}.")
        if not isinstance(function, str) or not function:
            raise _invalid(f"The AppSpec file names no Lambda function for the hook {name}.")
        found[str(name)] = function
    return found


def _text(of: Doc, name: str) -> str:
    value = of.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"The AppSpec file has no {name}.")
    return value


def _port(value: Any) -> int:
    try:
        port = int(value)
    except (TypeError, ValueError) as error:
        raise _invalid("The AppSpec file has no ContainerPort.") from error
    if not 1 <= port <= 65535:
        raise _invalid(f"The AppSpec file's ContainerPort {port} is not a port.")
    return port


def _network(value: Any) -> Doc | None:
    if not value:
        return None
    config = value.get("AwsvpcConfiguration") if isinstance(value, dict) else None
    if not isinstance(config, dict) or not isinstance(config.get("Subnets"), list):
        raise _invalid("The AppSpec file's NetworkConfiguration has no AwsvpcConfiguration with Subnets.")
    network: Doc = {"subnets": [str(subnet) for subnet in config["Subnets"]]}
    if config.get("SecurityGroups"):
        network["securityGroups"] = [str(group) for group in config["SecurityGroups"]]
    if config.get("AssignPublicIp"):
        network["assignPublicIp"] = str(config["AssignPublicIp"])
    return {"awsvpcConfiguration": network}


def _providers(value: Any) -> list[Doc] | None:
    if not value:
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _invalid("The AppSpec file's CapacityProviderStrategy is not a list of mappings.")
    return [{name[0].lower() + name[1:]: item[name] for name in item} for item in value]


def _invalid(message: str) -> Failure:
    return Failure("INVALID_REVISION", message)
