"""What ECS knows: clusters, task definitions, services with their deployments and task sets, tasks."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]

EVENTS_KEPT = 100
"""As many as DescribeServices tells."""

# A task's life, in order.
PROVISIONING = "PROVISIONING"
PENDING = "PENDING"
ACTIVATING = "ACTIVATING"
RUNNING = "RUNNING"
DEACTIVATING = "DEACTIVATING"
STOPPING = "STOPPING"
DEPROVISIONING = "DEPROVISIONING"
STOPPED = "STOPPED"
STARTING = (PROVISIONING, PENDING, ACTIVATING)


@dataclass
class Cluster:
    account: str
    region: str
    name: str
    created_at: datetime
    status: str = "ACTIVE"
    settings: list[Doc] = field(default_factory=list)
    configuration: Doc | None = None
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: list[Doc] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class TaskDefinition:
    """`doc` is the definition as AWS answers it, without what is kept beside it here."""

    account: str
    region: str
    family: str
    revision: int
    doc: Doc
    registered_at: datetime
    registered_by: str
    status: str = "ACTIVE"
    deregistered_at: datetime | None = None
    delete_requested_at: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:task-definition/{self.family}:{self.revision}"

    @property
    def containers(self) -> list[Doc]:
        found: list[Doc] = self.doc["containerDefinitions"]
        return found


@dataclass
class Launch:
    """How and where tasks are started."""

    launch_type: str = "FARGATE"
    capacity_provider_strategy: list[Doc] = field(default_factory=list)
    platform_version: str = "1.4.0"
    network: Doc = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    """The Availability Zone of each subnet."""
    load_balancers: list[Doc] = field(default_factory=list)
    registries: list[Doc] = field(default_factory=list)


@dataclass
class Deployment:
    """One roll-out of a service with the ECS deployment controller. `status`: PRIMARY, ACTIVE (being replaced)."""

    id: str
    task_definition: str
    desired_count: int
    launch: Launch
    created_at: datetime
    updated_at: datetime
    status: str = "PRIMARY"
    failed_tasks: int = 0
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""


@dataclass
class ServiceEvent:
    id: str
    created_at: datetime
    message: str


@dataclass
class Service:
    account: str
    region: str
    cluster: str
    name: str
    desired_count: int
    controller: str
    launch: Launch
    task_definition: str
    """Empty for a service whose task sets are all made from outside."""
    created_at: datetime
    created_by: str
    status: str = "ACTIVE"
    configuration: Doc = field(default_factory=dict)
    grace_s: int = 0
    scheduling: str = "REPLICA"
    managed_tags: bool = False
    propagate_tags: str = "NONE"
    execute_command: bool = False
    client_token: str = ""
    deployments: list[Deployment] = field(default_factory=list)
    last_completed: Deployment | None = None
    """Where a failed roll-out goes back to."""
    events: list[ServiceEvent] = field(default_factory=list)
    failures: int = 0
    """Tasks in a row that did not stay up."""
    paused_until: float = 0.0
    """No task is started before this instant, because too many failed."""
    steady: bool = False
    deleted_at: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:service/{self.cluster}/{self.name}"

    @property
    def cluster_arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:cluster/{self.cluster}"

    @property
    def primary(self) -> Deployment | None:
        return next((one for one in self.deployments if one.status == "PRIMARY"), None)


@dataclass
class TaskSet:
    """A version of a service whose deployments CodeDeploy or somebody else controls."""

    account: str
    region: str
    cluster: str
    service: str
    id: str
    task_definition: str
    launch: Launch
    created_at: datetime
    updated_at: datetime
    stability_at: datetime
    external_id: str = ""
    started_by: str = ""
    status: str = "ACTIVE"
    """PRIMARY, ACTIVE or DRAINING."""
    scale_percent: float = 100.0
    computed_desired: int = 0
    stability: str = "STABILIZING"
    client_token: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:task-set/{self.cluster}/{self.service}/{self.id}"


@dataclass
class TaskContainer:
    name: str
    image: str
    id: str
    essential: bool = True
    last_status: str = PENDING
    health: str = "UNKNOWN"
    has_check: bool = False
    digest: str = ""
    runtime_id: str = ""
    exit_code: int | None = None
    reason: str = ""
    cpu: int = 0
    memory_mib: int | None = None
    memory_reservation_mib: int | None = None


@dataclass
class Task:
    account: str
    region: str
    cluster: str
    id: str
    task_definition: str
    group: str
    launch: Launch
    created_at: datetime
    containers: list[TaskContainer]
    service: str = ""
    owner: str = ""
    """The deployment or task set this task belongs to."""
    started_by: str = ""
    overrides: Doc = field(default_factory=dict)
    cpu: str = ""
    memory: str = ""
    last_status: str = PROVISIONING
    desired_status: str = RUNNING
    health: str = "UNKNOWN"
    subnet: str = ""
    zone: str = ""
    attachment_id: str = ""
    vpc: str = ""
    interface_id: str = ""
    mac: str = ""
    ip: str = ""
    is_registered: bool = False
    """Whether its targets were given to the load balancers."""
    pull_started_at: datetime | None = None
    pull_stopped_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    execution_stopped_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str = ""
    stopped_reason: str = ""
    drain_until: float = 0.0
    version: int = 1
    active: int = 1
    """0 once STOPPED: an index column."""
    execute_command: bool = False
    client_token: str = ""
    reference_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:task/{self.cluster}/{self.id}"

    @property
    def is_starting(self) -> bool:
        return self.last_status in STARTING

    @property
    def is_wanted(self) -> bool:
        return self.active == 1 and self.desired_status == RUNNING

    def container(self, name: str) -> TaskContainer:
        return next(one for one in self.containers if one.name == name)


def container_name(instance_id: str, task_id: str, name: str) -> str:
    """The engine's name of a task's container: derived, so that it is found again after a crash."""
    return f"trunkline-{instance_id}-ecs-{task_id}-{name}"
