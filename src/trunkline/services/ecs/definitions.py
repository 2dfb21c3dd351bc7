"""What a task definition may say, and how AWS completes it.

Whatever would be accepted and then not done is refused by name here, when the definition is registered.
"""

import re

from trunkline.aws.errors import AwsError
from trunkline.aws.image_names import ecr_image
from trunkline.aws.service import Doc

_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_FARGATE_MEMORY_MIB = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
_NOT_WITH_AWSVPC = ("links", "hostname", "extraHosts", "dnsServers", "dnsSearchDomains", "dockerSecurityOptions")
_NOT_SUPPORTED = (
    *("environmentFiles", "repositoryCredentials", "firelensConfiguration", "resourceRequirements", "credentialSpecs"),
    *("volumesFrom", "systemControls", "interactive", "pseudoTerminal", "disableNetworking"),
)
_NOT_SUPPORTED_OF_TASK = ("proxyConfiguration", "inferenceAccelerators", "pidMode", "ipcMode", "enableFaultInjection")
_LINUX_PARAMETERS = {"capabilities", "initProcessEnabled"}
_LOG_OPTIONS = (
    *("awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group"),
    *("mode", "max-buffer-size"),
)


def completed(req: Doc) -> Doc:
    """The definition as it is kept and answered; ClientException where AWS refuses it."""
    if not _FAMILY.fullmatch(req["family"]):
        raise _client("Family contains invalid characters.")
    if not req["containerDefinitions"]:
        raise _client("Container definition list cannot be empty.")
    on_fargate = "FARGATE" in req.get("requiresCompatibilities", [])
    mode = req.get("networkMode") or ("awsvpc" if on_fargate else "bridge")
    doc: Doc = {
        key: value for key, value in req.items() if key not in ("family", "tags", "containerDefinitions", "networkMode")
    }
    doc["networkMode"] = mode
    doc["containerDefinitions"] = [_container(one, mode) for one in req["containerDefinitions"]]
    doc.setdefault("volumes", [])
    doc.setdefault("placementConstraints", [])
    doc["compatibilities"] = ["EC2", "FARGATE"] if mode == "awsvpc" else ["EXTERNAL", "EC2"]
    _check_containers(doc)
    if on_fargate:
        _check_fargate(doc)
    elif mode == "awsvpc":
        doc["compatibilities"] = ["EC2", "FARGATE"] if _fits_fargate(doc) else ["EC2"]
    return doc


def _container(given: Doc, mode: str) -> Doc:
    if "name" not in given:
        raise _client("Container.name should not be null or empty.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", given["name"]):
        raise _client("Container.name contains invalid characters.")
    if not given.get("image"):
        raise _client("Container.image should not be null or empty.")
    one = {"cpu": 0, "essential": True, "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": []}
    one |= given
    ports = []
    for port in given.get("portMappings", []):
        if not 0 <= port.get("containerPort", 0) <= 65535:
            raise _client("Invalid 'containerPort' setting for container '" + given["name"] + "'")
        complete = {"protocol": "tcp", **port}
        if mode == "awsvpc":
            if port.get("hostPort") not in (None, 0, port.get("containerPort")):
                raise _client(
                    "When networkMode=awsvpc, the host ports and container ports in port mappings must match."
                )
            complete["hostPort"] = port.get("containerPort")
        else:
            complete.setdefault("hostPort", 0)
        ports.append(complete)
    one["portMappings"] = ports
    return one


def _check_containers(doc: Doc) -> None:
    containers: list[Doc] = doc["containerDefinitions"]
    names = [one["name"] for one in containers]
    if len(set(names)) < len(names):
        raise _client("Container names must be unique within a task definition.")
    if not any(one["essential"] for one in containers):
        raise _client("A task definition must have at least one essential container.")
    volumes = {one.get("name") for one in doc["volumes"]}
    for one in containers:
        name = one["name"]
        for point in one["mountPoints"]:
            if point.get("sourceVolume") not in volumes:
                raise _client(f"Unknown volume '{point.get('sourceVolume')}'.")
        for other in one.get("dependsOn", []):
            if other["containerName"] not in names:
                raise _client(f"Container '{name}' depends on an unknown container '{other['containerName']}'.")
            target = next(each for each in containers if each["name"] == other["containerName"])
            if other["condition"] == "HEALTHY" and not target.get("healthCheck"):
                raise _client(
                    f"The container '{name}' depends on '{target['name']}' being HEALTHY, which has no health check."
                )
            if other["condition"] in ("COMPLETE", "SUCCESS") and target["essential"]:
                raise _client(
                    f"A container with condition {other['condition']} cannot be essential: '{target['name']}'."
                )
        if one.get("secrets") and not doc.get("executionRoleArn"):
            raise _client(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
            )
        if doc["networkMode"] == "awsvpc":
            for member in _NOT_WITH_AWSVPC:
                if one.get(member):
                    raise _client(f"{member} is not supported on container when networkMode=awsvpc.")
        if not one.get("memory") and not one.get("memoryReservation") and not doc.get("memory"):
            raise _client(
                f"Invalid setting for container '{name}'. "
                "At least one of 'memory' or 'memoryReservation' must be specified."
            )
    if _has_cycle(containers):
        raise _client("Container dependencies must not form a cycle.")


def _has_cycle(containers: list[Doc]) -> bool:
    waiting = {one["name"]: {each["containerName"] for each in one.get("dependsOn", [])} for one in containers}
    while waiting:
        free = [name for name, others in waiting.items() if not others & waiting.keys()]
        if not free:
            return True
        for name in free:
            del waiting[name]
    return False


def _fits_fargate(doc: Doc) -> bool:
    try:
        _check_fargate(doc)
    except AwsError:
        return False
    return True


def _check_fargate(doc: Doc) -> None:
    if doc["networkMode"] != "awsvpc":
        raise _client("Fargate only supports network mode ‘awsvpc’.")
    cpu, memory = cpu_units(doc.get("cpu")), memory_mib(doc.get("memory"))
    if cpu is None or memory is None:
        raise _client("Fargate requires task definition to have cpu and memory specified.")
    if memory not in _FARGATE_MEMORY_MIB.get(cpu, ()):
        raise _client(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values."
        )
    for member in _NOT_SUPPORTED_OF_TASK:
        if doc.get(member):
            raise _client(f"Trunkline does not support {member}: leave it out of the task definition.")
    platform = doc.get("runtimePlatform", {})
    if (
        platform.get("operatingSystemFamily", "LINUX") != "LINUX"
        or platform.get("cpuArchitecture", "X86_64") != "X86_64"
    ):
        raise _client("Trunkline runs containers for Linux on x86_64 only: change runtimePlatform.")
    for volume in doc["volumes"]:
        if (volume.get("host") or {}).get("sourcePath"):
            raise _client("host.sourcePath should not be set for volumes in Fargate.")
        if set(volume) - {"name", "host"}:
            raise _client(f"Trunkline supports volumes of the task only: change volume '{volume.get('name')}'.")
    for one in doc["containerDefinitions"]:
        _check_fargate_container(one, doc)


def _check_fargate_container(one: Doc, doc: Doc) -> None:
    name = one["name"]
    if one.get("privileged"):
        raise _client("When networkMode=awsvpc on Fargate, 'privileged' containers are not supported.")
    for member in _NOT_SUPPORTED:
        if one.get(member):
            raise _client(f"Trunkline does not support {member}: leave it out of container '{name}'.")
    if (one.get("restartPolicy") or {}).get("enabled"):
        raise _client(f"Trunkline does not support restartPolicy: leave it out of container '{name}'.")
    more = set(one.get("linuxParameters") or {}) - _LINUX_PARAMETERS
    if more:
        raise _client(f"Trunkline does not support linuxParameters.{min(more)}: leave it out of container '{name}'.")
    logging = one.get("logConfiguration")
    if logging:
        if logging["logDriver"] != "awslogs":
            raise _client(f"Trunkline supports the log driver awslogs only, not {logging['logDriver']}.")
        options = logging.get("options") or {}
        for option in options:
            if option not in _LOG_OPTIONS:
                raise _client(f"Trunkline does not support the log option {option}: leave it out.")
        for option in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"):
            if option not in options:
                raise _client(f"Log driver awslogs requires options: {option}")
        if not doc.get("executionRoleArn"):
            raise _client("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
    if ecr_image(one["image"]) and not doc.get("executionRoleArn"):
        raise _client("Fargate requires task definition to have execution role ARN to support ECR images.")


def cpu_units(given: str | None) -> int | None:
    """`256`, `.25 vCPU`"""
    if not given:
        return None
    match = re.fullmatch(r"\s*([\d.]+)\s*(vcpu)?\s*", given, re.IGNORECASE)
    if match is None:
        raise _client(f"Invalid 'cpu' setting for task: {given}")
    return int(float(match[1]) * 1024) if match[2] else int(float(match[1]))


def memory_mib(given: str | None) -> int | None:
    """`512`, `0.5 GB`"""
    if not given:
        return None
    match = re.fullmatch(r"\s*([\d.]+)\s*(gb|mb)?\s*", given, re.IGNORECASE)
    if match is None:
        raise _client(f"Invalid 'memory' setting for task: {given}")
    return int(float(match[1]) * 1024) if (match[2] or "").lower() == "gb" else int(float(match[1]))


def _client(message: str) -> AwsError:
    return AwsError("ClientException", message)
