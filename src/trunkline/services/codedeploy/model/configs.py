"""Deployment configurations: how traffic moves from the original to the replacement.

AWS knows one canary step, or equal linear steps. Trunkline adds any number of steps, by a name that says them:

    Trunkline.ECSSteps<P>Percent[<P>Percent…]Every<M>Minutes

`Trunkline.ECSSteps10Percent50PercentEvery1Minutes` sends 10 % to the replacement, a minute later 50 %, a minute later
all. Percentages rise and lie between 1 and 99 (the last step to 100 is implied), minutes between 1 and 2,880. Any such
name can be used wherever AWS's names can; it needs no CreateDeploymentConfig. GetDeploymentConfig describes its first
step as a TimeBasedCanary, the nearest of AWS's shapes.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

Doc = dict[str, Any]

PREFIXES = ("CodeDeployDefault.", "Trunkline.")
MOST_MINUTES = 2880
_SINCE = datetime(2014, 11, 12, tzinfo=UTC)  # the day CodeDeploy was announced: AWS gives its own ones an old date too
_GRAMMAR = re.compile(r"Trunkline\.ECSSteps((?:[1-9][0-9]?Percent)+)Every([1-9][0-9]{0,3})Minutes")


class Step(NamedTuple):
    """Send `weight_pct` to the replacement, then wait (the last step waits for nothing)."""

    weight_pct: int
    wait_minutes: int


@dataclass
class DeploymentConfig:
    account: str
    region: str
    name: str
    id: str
    platform: str
    created_at: datetime
    minimum_healthy: Doc | None = None
    routing: Doc | None = None
    steps_pct: list[int] | None = None

    def plan(self) -> list[Step]:
        """The traffic steps, ending at 100 %."""
        routing = self.routing or {"type": "AllAtOnce"}
        if self.steps_pct:
            minutes = int(routing["timeBasedCanary"]["canaryInterval"])
            return [*(Step(pct, minutes) for pct in self.steps_pct), Step(100, 0)]
        if routing["type"] == "TimeBasedCanary":
            canary = routing["timeBasedCanary"]
            return [Step(canary["canaryPercentage"], canary["canaryInterval"]), Step(100, 0)]
        if routing["type"] == "TimeBasedLinear":
            linear = routing["timeBasedLinear"]
            weights = range(linear["linearPercentage"], 100, linear["linearPercentage"])
            return [*(Step(pct, linear["linearInterval"]) for pct in weights), Step(100, 0)]
        return [Step(100, 0)]

    def described(self) -> Doc:
        return {
            "deploymentConfigId": self.id,
            "deploymentConfigName": self.name,
            "minimumHealthyHosts": self.minimum_healthy,
            "createTime": self.created_at,
            "computePlatform": self.platform,
            "trafficRoutingConfig": self.routing,
        }


def canary(pct: int, minutes: int) -> Doc:
    return {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": pct, "canaryInterval": minutes}}


def linear(pct: int, minutes: int) -> Doc:
    return {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": pct, "linearInterval": minutes}}


_ROUTED: dict[str, tuple[str, Doc]] = {
    "CodeDeployDefault.ECSAllAtOnce": ("ECS", {"type": "AllAtOnce"}),
    "CodeDeployDefault.ECSCanary10Percent5Minutes": ("ECS", canary(10, 5)),
    "CodeDeployDefault.ECSCanary10Percent15Minutes": ("ECS", canary(10, 15)),
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes": ("ECS", linear(10, 1)),
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes": ("ECS", linear(10, 3)),
    "CodeDeployDefault.LambdaAllAtOnce": ("Lambda", {"type": "AllAtOnce"}),
    "CodeDeployDefault.LambdaCanary10Percent5Minutes": ("Lambda", canary(10, 5)),
    "CodeDeployDefault.LambdaCanary10Percent10Minutes": ("Lambda", canary(10, 10)),
    "CodeDeployDefault.LambdaCanary10Percent15Minutes": ("Lambda", canary(10, 15)),
    "CodeDeployDefault.LambdaCanary10Percent30Minutes": ("Lambda", canary(10, 30)),
    "CodeDeployDefault.LambdaLinear10PercentEvery1Minute": ("Lambda", linear(10, 1)),
    "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes": ("Lambda", linear(10, 2)),
    "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes": ("Lambda", linear(10, 3)),
    "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes": ("Lambda", linear(10, 10)),
}
_HOSTS: dict[str, Doc] = {
    "CodeDeployDefault.AllAtOnce": {"type": "HOST_COUNT", "value": 0},
    "CodeDeployDefault.HalfAtATime": {"type": "FLEET_PERCENT", "value": 50},
    "CodeDeployDefault.OneAtATime": {"type": "MOST_CONCURRENCY", "value": 1},  # as AWS's documentation has it
}
_STEPS = "Trunkline.ECSSteps10Percent50PercentEvery1Minutes"

CONFIG_NAMES = (*_ROUTED, *_HOSTS, _STEPS)
"""What ListDeploymentConfigs gives before anybody made one."""


def predefined(name: str, account: str, region: str) -> DeploymentConfig | None:
    """The configuration that a name stands for without having been created."""
    identity = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    if name in _ROUTED:
        platform, routing = _ROUTED[name]
        return DeploymentConfig(account, region, name, identity, platform, _SINCE, routing=routing)
    if name in _HOSTS:
        return DeploymentConfig(account, region, name, identity, "Server", _SINCE, minimum_healthy=_HOSTS[name])
    found = _GRAMMAR.fullmatch(name)
    if not found:
        return None
    steps_pct = [int(part) for part in found[1].split("Percent")[:-1]]
    minutes = int(found[2])
    if steps_pct != sorted(set(steps_pct)) or minutes > MOST_MINUTES:
        return None
    routing = canary(steps_pct[0], minutes)
    return DeploymentConfig(account, region, name, identity, "ECS", _SINCE, routing=routing, steps_pct=steps_pct)
