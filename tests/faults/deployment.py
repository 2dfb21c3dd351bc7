"""The scenario of one CodeDeploy run: 10 %, 50 %, 100 % and the removal of the old task set."""

from typing import Any

from tests.faults.kills import drivers
from tests.faults.site import Service, client, unfinished
from tests.support.server import Server

Doc = dict[str, Any]


class Deployment:
    name = "codedeploy"
    timeout_s = 90.0

    def __init__(self) -> None:
        self.settings: Doc = {**drivers(), "clock": 600, "log_level": "info"}
        self.service = Service()

    def prepare(self, server: Server) -> None:
        self.service.make(server)

    def begin(self, server: Server) -> None:
        content = {"content": self.service.appspec(self.service.task_definitions["v2"])}
        client(server, "codedeploy").create_deployment(
            applicationName="web",
            deploymentGroupName="prod",
            revision={"revisionType": "AppSpecContent", "appSpecContent": content},
        )

    def has_begun(self, server: Server) -> bool:
        return bool(_listed(server))

    def has_ended(self, server: Server) -> bool:
        listed = _listed(server)
        if not listed or unfinished(server):
            return False
        infos = client(server, "codedeploy").batch_get_deployments(deploymentIds=listed)["deploymentsInfo"]
        over = all(one["status"] in ("Succeeded", "Failed", "Stopped") for one in infos)
        return over and self.service.is_settled(server)

    def end(self, server: Server) -> Doc:
        return self.service.end(server)


def _listed(server: Server) -> list[str]:
    deploy = client(server, "codedeploy")
    listed: list[str] = deploy.list_deployments(applicationName="web", deploymentGroupName="prod")["deployments"]
    return listed
