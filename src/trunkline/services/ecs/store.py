"""ECS's tables and the questions asked of them."""

from trunkline.core.db import Reader, Table
from trunkline.services.ecs.model import Cluster, Service, Task, TaskDefinition, TaskSet

CLUSTERS = Table("ecs_clusters", Cluster, key=("account", "region", "name"))
DEFINITIONS = Table(
    "ecs_task_definitions", TaskDefinition, key=("account", "region", "family", "revision"), index=("status",)
)
SERVICES = Table("ecs_services", Service, key=("account", "region", "cluster", "name"), index=("status",))
TASK_SETS = Table("ecs_task_sets", TaskSet, key=("account", "region", "cluster", "service", "id"))
TASKS = Table(
    "ecs_tasks", Task, key=("account", "region", "cluster", "id"), index=("owner", "service", "active", "client_token")
)
SETTINGS = (
    "CREATE TABLE ecs_settings (account, region, principal, name, value,"
    " PRIMARY KEY (account, region, principal, name)) WITHOUT ROWID;"
)
STEPS = [
    CLUSTERS.ddl + DEFINITIONS.ddl + SERVICES.ddl + TASK_SETS.ddl + TASKS.ddl + SETTINGS,
]


def service_tasks(reader: Reader, service: Service) -> list[Task]:
    """The tasks of a service that have not stopped yet."""
    return TASKS.find(reader, prefix=(service.account, service.region, service.cluster), service=service.name, active=1)


def task_sets(reader: Reader, service: Service) -> list[TaskSet]:
    return TASK_SETS.find(reader, prefix=(service.account, service.region, service.cluster, service.name))


def definition_of(reader: Reader, arn: str) -> TaskDefinition | None:
    """A task definition by its full ARN."""
    head, _, name = arn.partition("/")
    parts = head.split(":")
    family, _, revision = name.rpartition(":")
    return DEFINITIONS.get(reader, parts[4], parts[3], family, int(revision))


def latest(reader: Reader, account: str, region: str, family: str) -> TaskDefinition | None:
    """The newest active revision."""
    found = DEFINITIONS.find(reader, prefix=(account, region, family), status="ACTIVE")
    return found[-1] if found else None


def live_services(reader: Reader) -> list[Service]:
    """Services with anything to do."""
    return SERVICES.find(reader, status="ACTIVE") + SERVICES.find(reader, status="DRAINING")
