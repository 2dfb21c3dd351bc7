"""What the ledger told of tasks that run, and of the commits that pipelines deployed: what `Senders` looks in."""

import re
from dataclasses import dataclass
from typing import Any

from trunkline.aws.service import Doc
from trunkline.core.events import Event

_TASK = "ECS Task State Change"
_ACTION = "CodePipeline Action Execution State Change"
KINDS = (_TASK, _ACTION)
SOURCES = ("aws.ecs", "aws.codepipeline")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class Task:
    account: str
    region: str
    arn: str
    subnet: str
    cluster: str
    group: str
    started_by: str
    revision: str
    image: str


class Tasks:
    """`take` each event of KINDS from SOURCES, in order."""

    def __init__(self) -> None:
        self.commits: dict[str, str] = {}
        """By deployment."""
        self._by_address: dict[str, dict[str, Task]] = {}
        self._addresses: dict[str, str] = {}
        self._sources: dict[str, str] = {}

    def at(self, address: str) -> list[Task]:
        """The tasks with this address, in the order in which they got it."""
        return list(self._by_address.get(address, {}).values())

    def take(self, event: Event) -> None:
        if event.detail_type == _TASK:
            self._task(event)
        else:
            self._action(event.detail)

    def _task(self, event: Event) -> None:
        detail = event.detail
        arn = str(detail["taskArn"])
        before = self._addresses.pop(arn, None)
        if before is not None:
            self._by_address.get(before, {}).pop(arn, None)
        told = {one["name"]: one["value"] for one in (detail.get("attachments") or [{}])[0].get("details", [])}
        address = told.get("privateIPv4Address")
        if detail.get("lastStatus") in ("STOPPED", "DELETED") or not address:
            return
        containers: list[dict[str, Any]] = detail.get("containers") or [{}]
        self._addresses[arn] = address
        self._by_address.setdefault(address, {})[arn] = Task(
            account=event.account,
            region=event.region,
            arn=arn,
            subnet=told.get("subnetId", ""),
            cluster=str(detail.get("clusterArn", "")),
            group=str(detail.get("group", "")),
            started_by=str(detail.get("startedBy") or ""),
            revision=str(detail.get("taskDefinitionArn", "")).rpartition("/")[2],
            image=str(containers[0].get("image", "")),
        )

    def _action(self, detail: Doc) -> None:
        external = (detail.get("execution-result") or {}).get("external-execution-id")
        category = (detail.get("type") or {}).get("category")
        if not external:
            return
        if category == "Source" and detail.get("state") == "SUCCEEDED":
            self._sources.setdefault(detail["execution-id"], external)
        elif category == "Deploy" and detail.get("execution-id") in self._sources:
            self.commits[external] = self._sources[detail["execution-id"]]


def commit_of_image(image: str) -> str:
    """The tag of an image, where it is a commit's id."""
    tag = image.rpartition(":")[2]
    return tag if _COMMIT.fullmatch(tag) and re.search("[a-f]", tag) else ""
