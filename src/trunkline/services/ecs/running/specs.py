"""A container definition as a container of the engine."""

from collections.abc import Mapping

from trunkline.engines.containers import ContainerSpec, HealthCheck, Image, Mount, Ulimit
from trunkline.services.ecs.definitions import cpu_units, memory_mib
from trunkline.services.ecs.model import Doc, Task, TaskDefinition, container_name

TASK_LABEL = "trunkline.ecs.task"
CONTAINER_LABEL = "trunkline.ecs.container"
SANDBOX = ".sandbox"
"""Holds the network of a task with several containers, so that they may come and go. AWS allows no such name."""
SANDBOX_IMAGE = "public.ecr.aws/docker/library/debian:12-slim"
DEFAULT_STOP_S = 30
_MIB = 2**20


def sandbox(instance_id: str, task: Task, network: str, resolvers: tuple[str, ...] = ()) -> ContainerSpec:
    """The container whose network the others share. In network "none", it gets an interface once it runs."""
    hostname = _hostname(task)
    outside = network == "none"
    return ContainerSpec(
        name=container_name(instance_id, task.id, SANDBOX),
        image=SANDBOX_IMAGE,
        command=("sleep", "infinity"),
        labels={TASK_LABEL: task.id, CONTAINER_LABEL: SANDBOX},
        network=network,
        ip=None if outside else task.ip,
        hostname=hostname,
        extra_hosts={hostname: task.ip} if outside else {},
        dns=resolvers,
        init=True,
        stop_timeout_s=0,
    )


def spec(
    instance_id: str,
    task: Task,
    definition: TaskDefinition,
    one: Doc,
    image: Image,
    environment: Mapping[str, str],
    network: str,
) -> ContainerSpec:
    """One container of a task."""
    override: Doc = next(
        (each for each in task.overrides.get("containerOverrides", []) if each.get("name") == one["name"]), {}
    )
    changed = {**one, **override}
    shares_network = network.startswith("container:")
    cpu = cpu_units(task.cpu)
    hard_mib = changed.get("memory") or memory_mib(task.memory)
    linux = one.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    command = changed.get("command")
    return ContainerSpec(
        name=container_name(instance_id, task.id, one["name"]),
        image=image.id,
        command=None if not command else tuple(command),
        entrypoint=tuple(one["entryPoint"]) if one.get("entryPoint") else None,
        environment=environment,
        labels={
            **one.get("dockerLabels", {}),
            "com.amazonaws.ecs.cluster": task.cluster,
            "com.amazonaws.ecs.container-name": one["name"],
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": definition.family,
            "com.amazonaws.ecs.task-definition-version": str(definition.revision),
            TASK_LABEL: task.id,
            CONTAINER_LABEL: one["name"],
        },
        network=network,
        ip=None if shares_network else task.ip,
        hostname=None if shares_network else _hostname(task),
        mounts=tuple(
            Mount(
                volume_name(instance_id, task, each["sourceVolume"]),
                each["containerPath"],
                "volume",
                bool(each.get("readOnly")),
            )
            for each in one.get("mountPoints", [])
        ),
        cpu_count=cpu / 1024 if cpu else None,
        cpu_shares=changed.get("cpu") or None,
        memory_bytes=hard_mib * _MIB if hard_mib else None,
        memory_reservation_bytes=changed["memoryReservation"] * _MIB if changed.get("memoryReservation") else None,
        ulimits=tuple(Ulimit(each["name"], each["softLimit"], each["hardLimit"]) for each in one.get("ulimits", [])),
        user=one.get("user"),
        working_dir=one.get("workingDirectory"),
        cap_add=tuple(capabilities.get("add", [])),
        cap_drop=tuple(capabilities.get("drop", [])),
        read_only_root=bool(one.get("readonlyRootFilesystem")),
        init=bool(linux.get("initProcessEnabled")),
        stop_timeout_s=float(one.get("stopTimeout", DEFAULT_STOP_S)),
        health_check=_health_check(one.get("healthCheck")),
    )


def volume_name(instance_id: str, task: Task, name: str) -> str:
    return f"trunkline-{instance_id}-ecs-{task.id}-{name}"


def _hostname(task: Task) -> str:
    """As on AWS: ip-10-0-0-7.ec2.internal"""
    return f"ip-{task.ip.replace('.', '-')}.{task.region}.compute.internal" if task.ip else task.id[:12]


def _health_check(check: Doc | None) -> HealthCheck | None:
    if not check:
        return None
    command = check["command"]
    test = command if command[0] in ("CMD", "CMD-SHELL", "NONE") else ["CMD-SHELL", " ".join(command)]
    return HealthCheck(
        tuple(test),
        float(check.get("interval", 30)),
        float(check.get("timeout", 5)),
        int(check.get("retries", 3)),
        float(check.get("startPeriod", 0)),
    )


def in_order(containers: list[Doc]) -> list[Doc]:
    """Containers after those they depend on."""
    waiting = list(containers)
    ordered: list[Doc] = []
    while waiting:
        names = {one["name"] for one in waiting}
        free = [one for one in waiting if not any(each["containerName"] in names for each in one.get("dependsOn", []))]
        ordered += free
        waiting = [one for one in waiting if one not in free]
    return ordered
