"""Who sends telemetry: the ECS task or function that has an address, and the deployment and commit that made it.

A read model over the ledger, kept in memory: the ledger tells of every task's address and image, of task sets and of
what a pipeline brought where. What an application cannot know of itself, its traces get here as annotations:
`deployment` (CodeDeploy's id, or that of the ECS deployment), `color` (green while it is the replacement of another
task set, else blue), `revision` (the task definition, a function's version) and `commit`.
"""

import asyncio
from dataclasses import dataclass

from trunkline.agents.tasks import KINDS, SOURCES, Task, Tasks, commit_of_image
from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.engines import Engines
from trunkline.engines.containers import ContainersError

log = get(__name__)

PRINCIPAL = "xray-daemon"

_PAGE = 5_000
_FRESH_S = 5.0
_MOST = 20_000
_FUNCTIONS = {"trunkline.service": "lambda"}
_FUNCTION = "trunkline.function"  # the label of a function's sandbox: the ARN of its version


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of who sent something. All empty for a process on this machine."""

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

    def __init__(self, kit: Kit, engines: Engines) -> None:
        self._kit = kit
        self._engines = engines
        self._looking: dict[str, asyncio.Task[Sender]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._found: dict[str, tuple[float, Sender]] = {}
        self._tasks = Tasks()
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
        looking = self._looking.get(address)
        if looking is None:
            looking = self._looking[address] = asyncio.get_running_loop().create_task(self._note(address))
            looking.add_done_callback(lambda _: self._looking.pop(address, None))
        return await asyncio.shield(looking)

    async def caller(self, address: str) -> Caller:
        """As whom the daemon makes calls for an address: in the task's or function's account and region."""
        sender, settings = await self.find(address), self._kit.settings
        return Caller.service(PRINCIPAL, sender.account or settings.account, sender.region or settings.region)

    @staticmethod
    def mark(segment: Doc, sender: Sender) -> Doc:
        """The segment with what is known of its sender; what the application says itself stands."""
        told = sender.annotations
        if told:
            given = segment.get("annotations")
            segment["annotations"] = {**told, **given} if isinstance(given, dict) else told
        return segment

    async def _note(self, address: str) -> Sender:
        try:
            sender = await self._look(address)
        except Exception:  # telemetry without its sender's marks is better than none
            log.exception("a sender of telemetry could not be looked up", address=address)
            sender = NOBODY
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[address] = (self._kit.clock.monotonic() + _FRESH_S, sender)
        return sender

    async def _look(self, address: str) -> Sender:
        await self._read_on()
        where = self._engines.networks.whose(address)
        tasks = self._tasks.at(where[1] if where else address)
        if where is not None and len(tasks) > 1:
            tasks = [one for one in tasks if await self._vpc(one) == where[0]]
        return await self._sender(tasks[-1]) if tasks else await self._function(address)

    async def _read_on(self) -> None:
        """What the ledger told since the last time; not on the event loop, as the first time it may be long."""

        def read() -> list[Event]:
            return self._kit.ledger.read(self._place, sources=SOURCES, detail_types=KINDS, limit=_PAGE)

        async with self._one_at_a_time:
            while events := await asyncio.to_thread(read):
                for event in events:
                    self._tasks.take(event)
                self._place = events[-1].seq

    async def _function(self, address: str) -> Sender:
        """The function whose sandbox has the address; those in VPCs have none that is told."""
        try:
            sandboxes = await self._engines.containers.list(_FUNCTIONS)
        except ContainersError:
            return NOBODY
        for container in sandboxes:
            if container.ip == address and (label := container.labels.get(_FUNCTION)):
                arn = arns.parse(label)
                return Sender(arn.account, arn.region, revision=label.rpartition(":")[2])
        return NOBODY

    async def _vpc(self, task: Task) -> str:
        answer = await self._ask("ec2", "DescribeSubnets", {"SubnetIds": [task.subnet]}, task)
        return str(next((one["VpcId"] for one in answer.get("Subnets", [])), ""))

    async def _sender(self, task: Task) -> Sender:
        deployment, color = task.started_by, ""
        if task.group.startswith("service:") and task.started_by:
            asked = {"cluster": task.cluster, "services": [task.group.removeprefix("service:")]}
            answer = await self._ask("ecs", "DescribeServices", asked, task)
            for service in answer.get("services", []):
                for one in service.get("taskSets") or []:
                    if one["id"] == task.started_by:
                        deployment = one.get("externalId") or one["id"]
                        color = "blue" if one["status"] == "PRIMARY" else "green"
        commit = self._tasks.commits.get(deployment) or commit_of_image(task.image)
        return Sender(task.account, task.region, task.arn, deployment, color, task.revision, commit)

    async def _ask(self, service: str, operation: str, params: Doc, task: Task) -> Doc:
        try:
            caller = Caller.service(PRINCIPAL, task.account, task.region)
            return await self._kit.call(service, operation, params, as_=caller)
        except AwsError:  # gone meanwhile: what is known without it has to do
            return {}
