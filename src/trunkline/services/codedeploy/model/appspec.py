"""The AppSpec file of an ECS or a Lambda deployment: JSON or YAML, from outside, so nothing in it is trusted.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trunkline.core import yaml_text
from trunkline.services.codedeploy.model.deployments import Failure

Doc = dict[str, Any]
HOOKS = ("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")
FUNCTION_HOOKS = ("BeforeAllowTraffic", "AfterAllowTraffic")


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


@dataclass(frozen=True)
class FunctionSpec:
    """What a Lambda deployment takes from the file: an alias, the version it points to, and the one it goes to."""

    function: str
    alias: str
    current: str
    target: str
    hooks: dict[str, str] = field(default_factory=dict)


def parse(content: str) -> AppSpec:
    """The file of an ECS deployment; a Failure says in one sentence what is wrong with it."""
    found = _mapping(content)
    service = _properties(found.get("Resources", found.get("resources")), "AWS::ECS::Service")
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
        hooks=_hooks(found.get("Hooks", found.get("hooks")), "an ECS deployment", HOOKS),
    )


def parse_function(content: str) -> FunctionSpec:
    """The file of a Lambda deployment; a Failure says in one sentence what is wrong with it."""
    found = _mapping(content)
    function = _properties(found.get("Resources", found.get("resources")), "AWS::Lambda::Function")
    return FunctionSpec(
        function=_text(function, "Name"),
        alias=_text(function, "Alias"),
        current=_version(function, "CurrentVersion"),
        target=_version(function, "TargetVersion"),
        hooks=_hooks(found.get("Hooks", found.get("hooks")), "a Lambda deployment", FUNCTION_HOOKS),
    )


def _mapping(content: str) -> Doc:
    try:
        found = yaml_text.load(content)  # JSON is YAML
    except yaml_text.YamlError as error:
        raise _invalid(f"The AppSpec file is neither valid JSON nor valid YAML: {error}.") from error
    if not isinstance(found, dict):
        raise _invalid("The AppSpec file is not a mapping.")
    return found


def _properties(resources: Any, kind: str) -> Doc:
    """Of the one resource of that type."""
    targets = (
        [
            target
            for resource in resources
            if isinstance(resource, dict)
            for target in resource.values()
            if isinstance(target, dict) and target.get("Type") == kind
        ]
        if isinstance(resources, list)
        else []
    )
    if len(targets) != 1:
        raise _invalid(f"The AppSpec file names {len(targets)} resources of type {kind}; it takes one.")
    properties = targets[0].get("Properties")
    if not isinstance(properties, dict):
        raise _invalid(f"The AppSpec file's {kind} resource has no Properties.")
    return properties


def _hooks(hooks: Any, what: str, events: tuple[str, ...]) -> dict[str, str]:
    """Event → function, in the form of AWS: a list of mappings with one event each."""
    if not hooks:
        return {}
    if not isinstance(hooks, list) or not all(isinstance(hook, dict) for hook in hooks):
        raise _invalid("The AppSpec file's Hooks section is not a list of lifecycle events.")
    found: dict[str, str] = {}
    for name, function in (pair for hook in hooks for pair in hook.items()):
        if name not in events:
            raise _invalid(f"The AppSpec file has the hook {name}; {what} has {', '.join(events)}.")
        if not isinstance(function, str) or not function:
            raise _invalid(f"The AppSpec file names no Lambda function for the hook {name}.")
        found[str(name)] = function
    return found


def _text(of: Doc, name: str) -> str:
    value = of.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"The AppSpec file has no {name}.")
    return value


def _version(of: Doc, name: str) -> str:
    """Versions are numbers, which YAML reads as such."""
    value = of.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(of, name)


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
