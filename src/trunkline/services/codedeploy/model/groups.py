"""Applications and deployment groups: what is deployed where, with which safety net."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]


@dataclass
class Application:
    account: str
    region: str
    name: str
    id: str
    platform: str
    created_at: datetime
    tags: dict[str, str] = field(default_factory=dict)

    def described(self) -> Doc:
        return {
            "applicationId": self.id,
            "applicationName": self.name,
            "createTime": self.created_at,
            "linkedToGitHub": False,
            "computePlatform": self.platform,
        }


@dataclass
class DeploymentGroup:
    """`settings` are members of CreateDeploymentGroup as AWS shapes them; `running` is the active deployment."""

    account: str
    region: str
    application: str
    name: str
    id: str
    platform: str
    config_name: str
    role_arn: str
    settings: Doc
    tags: dict[str, str] = field(default_factory=dict)
    running: str | None = None
    last_attempted: Doc | None = None
    last_successful: Doc | None = None
    target_revision: Doc | None = None

    @property
    def service(self) -> Doc:
        """The one ECS service of the group: serviceName and clusterName."""
        services = self.settings.get("ecsServices") or [{}]
        return dict(services[0])

    def described(self) -> Doc:
        shown = {key: value for key, value in self.settings.items() if value is not None}
        return {
            **shown,
            "applicationName": self.application,
            "deploymentGroupId": self.id,
            "deploymentGroupName": self.name,
            "deploymentConfigName": self.config_name,
            "serviceRoleArn": self.role_arn,
            "targetRevision": self.target_revision,
            "lastSuccessfulDeployment": _with_times(self.last_successful),
            "lastAttemptedDeployment": _with_times(self.last_attempted),
            "computePlatform": self.platform,
        }


def _with_times(last: Doc | None) -> Doc | None:
    """A stored summary of a deployment as AWS gives it: its times are times again."""
    if last is None:
        return None
    times = {key: datetime.fromisoformat(last[key]) for key in ("createTime", "endTime") if last.get(key)}
    return {**last, **times}
