"""Names and ARNs in requests, and the resources that policies are asked about."""

import re

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc
from trunkline.core import ids

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def cluster_name(given: str | None) -> str:
    """ "default" when none is given."""
    return (given or "default").rpartition("/")[2]


def service_name(given: str) -> str:
    """From a name or either form of a service's ARN."""
    return given.rpartition("/")[2]


def task_id(given: str) -> str:
    return given.rpartition("/")[2]


def task_set_id(given: str) -> str:
    """`ecs-svc/123`, alone or at the end of an ARN."""
    return "ecs-svc/" + given.rpartition("/")[2]


def deployment_id() -> str:
    return f"ecs-svc/{int(ids.hex_id(15), 16) % 10**19:019d}"


def checked_name(name: str, what: str) -> str:
    if not NAME.fullmatch(name):
        raise AwsError(
            "InvalidParameterException",
            f"{what} can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.",
        )
    return name


def cluster_resource(call: Call, req: Doc) -> str:
    return call.arn(f"cluster/{cluster_name(req.get('cluster') or req.get('clusterName'))}")


def service_resource(call: Call, req: Doc) -> str:
    given = req.get("service") or req.get("serviceName") or "*"
    return call.arn(f"service/{cluster_name(req.get('cluster'))}/{service_name(given)}")


def services_resource(call: Call, req: Doc) -> list[str]:
    cluster = cluster_name(req.get("cluster"))
    return [call.arn(f"service/{cluster}/{service_name(one)}") for one in req["services"]]


def task_resource(call: Call, req: Doc) -> str:
    return call.arn(f"task/{cluster_name(req.get('cluster'))}/{task_id(req['task'])}")


def tasks_resource(call: Call, req: Doc) -> list[str]:
    cluster = cluster_name(req.get("cluster"))
    return [call.arn(f"task/{cluster}/{task_id(one)}") for one in req["tasks"]]


def task_set_resource(call: Call, req: Doc) -> str:
    cluster, service = cluster_name(req.get("cluster")), service_name(req["service"])
    return call.arn(
        f"task-set/{cluster}/{service}/{task_set_id(req.get('taskSet') or req.get('primaryTaskSet') or '*')}"
    )


def definition_resource(call: Call, req: Doc) -> str:
    given = req.get("taskDefinition") or f"{req.get('family', '*')}:*"
    if given.startswith("arn:"):
        return str(given)
    return call.arn(f"task-definition/{given if ':' in given else given + ':*'}")
