"""Containers: one interface, the Docker Engine behind it, and a fake that needs nothing."""

from trunkline.engines.containers.batches import batches
from trunkline.engines.containers.errors import (
    ContainersError,
    ContainersUnavailable,
    NameConflict,
    NoSuchContainer,
    NoSuchImage,
    NoSuchNetwork,
    NoSuchPath,
    NotRunning,
    PullDenied,
    PullFailed,
    StartFailed,
)
from trunkline.engines.containers.interface import Containers
from trunkline.engines.containers.model import (
    INSTANCE_LABEL,
    Container,
    ContainerEvent,
    ContainerSpec,
    ContainerState,
    EngineVersion,
    ExecResult,
    Exit,
    Health,
    HealthCheck,
    Image,
    LogLine,
    Mount,
    Network,
    PortBinding,
    RegistryAuth,
    Stats,
    Ulimit,
)

__all__ = [
    "INSTANCE_LABEL",
    "Container",
    "ContainerEvent",
    "ContainerSpec",
    "ContainerState",
    "Containers",
    "ContainersError",
    "ContainersUnavailable",
    "EngineVersion",
    "ExecResult",
    "Exit",
    "Health",
    "HealthCheck",
    "Image",
    "LogLine",
    "Mount",
    "NameConflict",
    "Network",
    "NoSuchContainer",
    "NoSuchImage",
    "NoSuchNetwork",
    "NoSuchPath",
    "NotRunning",
    "PortBinding",
    "PullDenied",
    "PullFailed",
    "RegistryAuth",
    "StartFailed",
    "Stats",
    "Ulimit",
    "batches",
    "open_containers",
]


def open_containers(driver: str, instance_id: str) -> Containers:
    """The engine that the settings name: "docker" or "fake"."""
    if driver == "fake":
        from trunkline.engines.containers.fake import FakeContainers

        return FakeContainers(instance_id)
    from trunkline.engines.containers.docker import DockerContainers

    return DockerContainers(instance_id)
