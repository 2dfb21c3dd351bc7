"""The network of a task: an interface of its subnet where networks are real, else the container engine's own network.

Where they are real, a container that does nothing holds the interface, so that the task's containers may come and go;
it has the VPC's name server. Where they are not, a task with one container is in the engine's network itself.
"""

from trunkline.aws.service import Kit
from trunkline.engines.containers import Containers, ContainersError, ContainersUnavailable
from trunkline.engines.networks import Networks, NetworksError
from trunkline.services.ecs.model import PROVISIONING, Task, TaskDefinition
from trunkline.services.ecs.running import specs
from trunkline.services.ecs.running.failure import StartFailure
from trunkline.services.ecs.running.interfaces import Interfaces
from trunkline.services.ecs.running.record import Record, TaskKey


class Networking:
    """Everything may be repeated."""

    def __init__(self, kit: Kit, containers: Containers, networks: Networks, record: Record) -> None:
        self._kit = kit
        self._containers = containers
        self._networks = networks
        self._record = record
        self._interfaces = Interfaces(kit, record, own_address=not networks.real)

    @property
    def real(self) -> bool:
        """Whether tasks have addresses of their own that nobody else can send from."""
        return self._networks.real

    async def begin(self, key: TaskKey, task: Task) -> None:
        """PENDING, with an address that no other living task has."""
        if self._networks.real and task.subnet:
            if task.last_status == PROVISIONING:
                await self._interfaces.attach(key, task)
                await self._record.begin(key)
            return
        if task.last_status == PROVISIONING:
            try:
                reserved = (await self._containers.home_network()).reserved
            except ContainersUnavailable:
                raise
            except ContainersError as error:
                raise _failure(error) from error
            await self._record.begin(key, reserved)
        fresh = self._record.task(key)
        if fresh is not None:
            await self._interfaces.attach(key, fresh)

    async def endpoint(self) -> str:
        """The address at which the task's containers reach the AWS endpoint."""
        return self._networks.endpoint or (await self._containers.home_network()).gateway

    async def join(self, task: Task, definition: TaskDefinition) -> str:
        """What the containers join: the engine's network itself, or the container that holds the task's."""
        try:
            if self._networks.real and task.interface_id:
                return await self._hold(task)
            network = (await self._containers.home_network()).name
            if len(definition.containers) == 1:
                return network
            wanted = specs.sandbox(self._kit.settings.instance_id, task, network)
            await self._containers.run(wanted)
        except ContainersUnavailable:
            raise
        except (ContainersError, NetworksError) as error:
            raise _failure(error) from error
        return f"container:{wanted.name}"

    async def _hold(self, task: Task) -> str:
        wanted = specs.sandbox(self._kit.settings.instance_id, task, "none", self._networks.resolvers)
        container = await self._containers.run(wanted)
        await self._networks.attach(task.vpc, task.interface_id, container)
        return f"container:{wanted.name}"

    async def release(self, task: Task) -> None:
        await self._interfaces.detach(task)


def _failure(error: Exception) -> StartFailure:
    return StartFailure(f"ResourceInitializationError: unable to set up the task's network: {error}")
