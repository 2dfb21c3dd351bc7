"""What containers, images and networks look like to the rest of Trunkline, whichever engine runs them."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

INSTANCE_LABEL = "trunkline.instance"
SPEC_LABEL = "trunkline.spec"


@dataclass(frozen=True, slots=True)
class EngineVersion:
    name: str
    version: str
    api_version: str
    architecture: str


@dataclass(frozen=True, slots=True)
class Network:
    """A bridge on this machine. The host answers containers at `gateway`."""

    name: str
    id: str
    gateway: str
    subnet: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def reserved(self) -> str:
        """The upper half of the subnet: the engine gives out none of it by itself, so take `ContainerSpec.ip` there."""
        _, upper = ipaddress.ip_network(self.subnet).subnets()
        return str(upper)


@dataclass(frozen=True, slots=True)
class RegistryAuth:
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Image:
    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    """Repository digests: `registry/name@sha256:…` for each registry it was pulled from or pushed to."""
    command: tuple[str, ...]
    entrypoint: tuple[str, ...]
    environment: tuple[str, ...]
    labels: Mapping[str, str]
    size_bytes: int
    architecture: str
    exposed_ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mount:
    """`source` is a path on the host for a bind, a name for a volume and ignored for a tmpfs."""

    source: str
    target: str
    kind: str = "bind"
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Ulimit:
    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """`test` as Docker has it: ("CMD", …), ("CMD-SHELL", "…") or ("NONE",)."""

    test: tuple[str, ...]
    interval_s: float = 30.0
    timeout_s: float = 5.0
    retries: int = 3
    start_period_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PortBinding:
    """`host_port` 0 lets the engine choose; read the choice from `Container.ports`."""

    container_port: int
    host_port: int = 0
    protocol: str = "tcp"
    host_ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """One container to be. Two specs that are equal are the same container under the same name."""

    name: str
    image: str
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    """A network's name, "host", "none", or "container:<name or id>" to share that container's network."""
    ip: str | None = None
    """A fixed address inside the network's subnet."""
    aliases: tuple[str, ...] = ()
    hostname: str | None = None
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    ports: tuple[PortBinding, ...] = ()
    mounts: tuple[Mount, ...] = ()
    cpu_count: float | None = None
    """Hard limit in CPUs; clamped to what the machine has."""
    cpu_shares: int | None = None
    memory_bytes: int | None = None
    memory_reservation_bytes: int | None = None
    ulimits: tuple[Ulimit, ...] = ()
    """Limits that this machine may not grant (no CAP_SYS_RESOURCE) are lowered to what it may."""
    user: str | None = None
    working_dir: str | None = None
    privileged: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    read_only_root: bool = False
    init: bool = False
    stop_signal: str | None = None
    stop_timeout_s: float | None = None
    health_check: HealthCheck | None = None
    cgroup_parent: str | None = None


class ContainerState(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    EXITED = "exited"
    """Includes dead ones: whatever ran, runs no more."""


class Health(StrEnum):
    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Container:
    id: str
    name: str
    image: str
    image_id: str
    labels: Mapping[str, str]
    state: ContainerState
    health: Health
    exit_code: int | None
    oom_killed: bool
    error: str
    """Why the engine could not start it; empty otherwise."""
    ip: str | None
    """Address in its first network; None while stopped, on the host's network or in another container's."""
    ports: tuple[PortBinding, ...]
    created_at: float
    started_at: float | None
    finished_at: float | None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    code: int
    oom_killed: bool = False


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line without its line break. `cursor` resumes right behind this line: see `Containers.logs`."""

    timestamp_ns: int
    stream: str
    """stdout or stderr"""
    line: bytes
    cursor: str


@dataclass(frozen=True, slots=True)
class ExecResult:
    exit_code: int
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """`action`: create, start, die, oom, destroy, health_status, … as the engine has them, or "resync".

    "resync" comes first and after each interruption: events may have been missed, so list and inspect.
    """

    action: str
    id: str = ""
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    time_ns: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Counters at one instant; CPU use is the difference of two samples."""

    at_ns: int
    cpu_ns: int
    memory_bytes: int
    memory_limit_bytes: int | None
