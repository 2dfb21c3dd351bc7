"""How the load balancers see the tasks of services: asked often while a service is unsettled, seldom otherwise."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.services.ecs.model import Service, Task
from trunkline.services.ecs.placement import PRINCIPAL
from trunkline.services.ecs.scheduling.change import is_healthy

_EVERY_S = 0.5
_SETTLED_S = 3.0


class TargetHealth:
    """What was last told of each target."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self.states: dict[tuple[str, str], tuple[str, str]] = {}
        self._due: dict[str, float] = {}

    async def look(self, service: Service, tasks: list[Task]) -> None:
        """Ask about the target groups of the tasks, if it is time."""
        groups = {one["targetGroupArn"] for task in tasks for one in task.launch.load_balancers}
        now = self._kit.clock.monotonic()
        unsettled = not all(is_healthy(task, self.states) for task in tasks)
        for group in groups:
            if now >= self._due.get(group, 0.0):
                self._due[group] = now + (_EVERY_S if unsettled else _SETTLED_S)
                await self._ask(service, group)

    async def _ask(self, service: Service, group: str) -> None:
        as_ = Caller.service(PRINCIPAL, service.account, service.region)
        try:
            answer = await self._kit.call("elbv2", "DescribeTargetHealth", {"TargetGroupArn": group}, as_=as_)
        except AwsError:
            # A group that was deleted under the service: its targets are nobody's business any more.
            return
        for key in [key for key in self.states if key[0] == group]:
            del self.states[key]
        for one in answer["TargetHealthDescriptions"]:
            target, health = one["Target"], one["TargetHealth"]
            address = f"{target['Id']}:{target.get('Port')}"
            self.states[group, address] = (health["State"], health.get("Description") or health.get("Reason") or "")
