"""Who sends telemetry: the ECS task that has an address, and the deployment, revision and commit that made it.

A read model over the ledger, kept in memory: the ledger tells of every task's address and image, of task sets and of
what a pipeline brought where. What an application cannot know of itself, its traces get here as annotations:
`deployment` (CodeDeploy's id, or that of the ECS deployment), `color` (green while it is the replacement of another
task set, else blue), `revision` (the task definition) and `commit`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.events import Event

_TASK = "ECS Task State Change"
_ACTION = "CodePipeline Action Execution State Change"
_KINDS = (_TASK, _ACTION)
_PAGE = 5_000
_FRESH_S = 5.0
_MOST = 20_000
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_PRINCIPAL = "xray-daemon"

Whose = Callable[[str], tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of who sent something. All empty for a process that is no task."""

    account: str = ""
    region: str = ""
    task: str = ""
    deployment: str = ""
    color: str = ""
    revision: str = ""
    commit: str = ""

    @property
    def annotations(self) -> dict[str, str]:
        told = {
            "deployment": self.deployment,
            "color": self.color,
            "revision": self.revision,
            "commit": self.commit,
        }
        return {key: value for key, value in told.items() if value}


NOBODY = Sender()


class Senders:
    """`known` answers at once what was found lately; `find` looks."""

    def __init__(self, kit: Kit, whose: Whose) -> None:
        """whose: (VPC, private address) of who connects from an address; None for those outside of VPCs."""
        self._kit = kit
        self._whose = whose
        self._found: dict[str, tuple[float, Sender]] = {}
        self._tasks = _Tasks()
        self._place = 0

    def known(self, address: str) -> Sender | None:
        """The sender, if it was looked for in the last seconds."""
        if address.startswith("127."):
            return NOBODY
        found = self._found.get(address)
        if found is None or found[0] < self._kit.clock.monotonic():
            return None
        return found[1]

    async def find(self, address: str) -> Sender:
        """The sender at an address; NOBODY where it is no task's."""
        known = self.known(address)
        if known is not None:
            return known
        sender = await self._look(address)
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[address] = (self._kit.clock.monotonic() + _FRESH_S, sender)
        return sender

    @staticmethod
    def mark(segment: Doc, sender: Sender) -> Doc:
        """The segment with what is known of its sender; what the application says itself stands."""
        told = sender.annotations
        if told:
            given = segment.get("annotations")
            segment["annotations"] = {**told, **given} if isinstance(given, dict) else told
        return segment

    async def _look(self, address: str) -> Sender:
        while events := self._kit.ledger.read(self._place, detail_types=_KINDS, limit=_PAGE):
            for event in events:
                self._tasks.take(event)
            self._place = events[-1].seq
        where = self._whose(address)
        tasks = self._tasks.at(where[1] if where else address)
        if where is not None and len(tasks) > 1:
            tasks = [one for one in tasks if await self._vpc(one) == where[0]]
        return await self._sender(tasks[-1]) if tasks else NOBODY

    async def _vpc(self, task: "_Task") -> str:
        answer = await self._ask("ec2", "DescribeSubnets", {"SubnetIds": [task.subnet]}, task)
        return str(next((one["VpcId"] for one in answer.get("Subnets", [])), ""))

    async def _sender(self, task: "_Task") -> Sender:
        deployment, color = task.started_by, ""
        if task.group.startswith("service:") and task.started_by:
            asked = {"cluster": task.cluster, "services": [task.group.removeprefix("service:")]}
            answer = await self._ask("ecs", "DescribeServices", asked, task)
            for service in answer.get("services", []):
                for one in service.get("taskSets") or []:
                    if one["id"] == task.started_by:
                        deployment = one.get("externalId") or one["id"]
                        color = "blue" if one["status"] == "PRIMARY" else "green"
        commit = self._tasks.commits.get(deployment) or _commit_of_image(task.image)
        return Sender(task.account, task.region, task.arn, deployment, color, task.revision, commit)

    async def _ask(self, service: str, operation: str, params: Doc, task: "_Task") -> Doc:
        try:
            caller = Caller.service(_PRINCIPAL, task.account, task.region)
            return await self._kit.call(service, operation, params, as_=caller)
        except AwsError:  # gone meanwhile: what is known without it has to do
            return {}


@dataclass(frozen=True, slots=True)
class _Task:
    account: str
    region: str
    arn: str
    address: str
    subnet: str
    cluster: str
    group: str
    started_by: str
    revision: str
    image: str


class _Tasks:
    """What the ledger told of tasks that run, and of the commits that pipelines deployed."""

    def __init__(self) -> None:
        self.commits: dict[str, str] = {}
        """By deployment."""
        self._by_address: dict[str, dict[str, _Task]] = {}
        self._addresses: dict[str, str] = {}
        self._sources: dict[str, str] = {}

    def at(self, address: str) -> list[_Task]:
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
        told = {one["name"]: one["value"] for one in detail.get("attachments", [{}])[0].get("details", [])}
        address = told.get("privateIPv4Address")
        if detail.get("lastStatus") in ("STOPPED", "DELETED") or not address:
            return
        containers: list[dict[str, Any]] = detail.get("containers") or [{}]
        self._addresses[arn] = address
        self._by_address.setdefault(address, {})[arn] = _Task(
            account=event.account,
            region=event.region,
            arn=arn,
            address=address,
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


def _commit_of_image(image: str) -> str:
    """The tag of an image, where it is a commit's id."""
    tag = image.rpartition(":")[2]
    return tag if _COMMIT.fullmatch(tag) and re.search("[a-f]", tag) else ""
