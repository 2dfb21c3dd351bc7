"""Choose the driver of each engine by the settings, and start and stop them together."""

from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.db import Database
from trunkline.core.settings import Settings
from trunkline.engines import Engines
from trunkline.engines.containers import Containers, open_containers
from trunkline.engines.functions.driver import open_functions
from trunkline.engines.git import open_git
from trunkline.engines.networks import FakeNetworks, Networks, NetworksError
from trunkline.engines.objects import FileObjects
from trunkline.engines.proxy.interface import Proxy
from trunkline.engines.registry import open_registry
from trunkline.engines.telemetry.local import LocalTelemetry
from trunkline.engines.workflows import JournalWorkflows


def choose(settings: Settings, db: Database, clock: Clock) -> Engines:
    """The engines of one instance, not yet started."""
    data = settings.data_dir
    containers = open_containers(settings.containers, settings.instance_id)
    return Engines(
        containers=containers,
        networks=_networks(settings, containers),
        proxy=_proxy(settings, clock),
        git=open_git(data, db),
        registry=open_registry(data, db, clock),
        objects=FileObjects(data / "objects", db),
        workflows=JournalWorkflows(db, clock),
        telemetry=LocalTelemetry(data / "telemetry", clock),
        functions=open_functions(settings.containers, containers, clock),
    )


def _networks(settings: Settings, containers: Containers) -> Networks:
    if settings.networks == "fake" or settings.containers == "fake":
        return FakeNetworks()
    if settings.networks == "docker":
        return FakeNetworks("containers share one network of the container engine; VPCs are records only")
    from trunkline.engines.networks.linux import LinuxNetworks, missing

    lacking = missing() if settings.networks == "auto" else None
    if lacking:
        return FakeNetworks(f"{lacking}; containers share one network of the container engine")

    async def pid_of(container: str) -> int:
        found = await containers.inspect(container)
        if not found.pid:
            raise NetworksError(f"container {container} does not run")
        # The process of that number is somebody else's where the engine is on another machine.
        group = Path(f"/proc/{found.pid}/cgroup")
        if not group.exists() or found.id not in group.read_text():
            raise NetworksError("the container engine is not on this machine; start with TRUNKLINE_NETWORKS=docker")
        return found.pid

    directory = settings.data_dir / "networks"
    return LinuxNetworks(settings.instance_id, directory, settings.port, settings.xray_port, pid_of)


def _proxy(settings: Settings, clock: Clock) -> Proxy:
    if settings.proxy == "fake":
        from trunkline.engines.proxy.fake import FakeProxy

        return FakeProxy(clock)
    from trunkline.engines.proxy.haproxy import HaproxyProxy

    return HaproxyProxy(settings.data_dir / "proxy", clock)


async def start(engines: Engines) -> None:
    """Start what has something to start; containers are adopted by the services that own them."""
    await engines.objects.start()
    await engines.git.start()
    await engines.registry.start()
    # Before the load balancer: it listens on addresses that the networks give.
    await engines.networks.start()
    await engines.proxy.start()
    await engines.functions.start()
    await engines.telemetry.start()


async def stop(engines: Engines) -> None:
    """Let go of everything, leaving the data plane running."""
    await engines.functions.stop()
    await engines.proxy.detach()
    await engines.networks.stop()
    await engines.registry.stop()
    await engines.git.stop()
    await engines.objects.stop()
    await engines.containers.close()
    await engines.telemetry.close()


async def gateway_address(engines: Engines) -> str | None:
    """The address at which containers see this host; None where there are no real ones."""
    return (await engines.containers.home_network()).gateway or None


async def remove_data_plane(engines: Engines, labels: dict[str, str]) -> int:
    """Stop the load balancer and remove every container and network of this instance; how many containers."""
    containers = await engines.containers.list(labels)
    for container in containers:
        await engines.containers.remove(container.id)
    for network in await engines.containers.networks(labels):
        await engines.containers.remove_network(network.name)
    await engines.proxy.shutdown()
    await engines.networks.remove_all()
    return len(containers)
