"""Reading and setting what is scaled: the desired count of ECS services, provisioned concurrency of functions."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.services.applicationautoscaling.model import ECS, Policy, Target, validation


def caller(target: Target | Policy) -> Caller:
    """Application Auto Scaling at work for a service."""
    return Caller.service(f"{target.namespace}.application-autoscaling.amazonaws.com", target.account, target.region)


def check(namespace: str, resource: str) -> None:
    """Refuse a resource id that cannot be one of the namespace."""
    pieces = resource.split("/")
    if namespace == "ecs" and not (len(pieces) == 3 and pieces[0] == "service" and all(pieces)):
        raise validation(f"Unsupported resource id {resource}: it must be service/cluster-name/service-name.")
    if namespace == "lambda" and not (resource.startswith("function:") and resource.count(":") == 2):
        raise validation(f"Unsupported resource id {resource}: it must be function:name:alias-or-version.")


async def current(kit: Kit, target: Target) -> int:
    """The capacity now; ObjectNotFoundException when the resource is gone."""
    if target.dimension == ECS:
        _, cluster, name = target.resource.split("/")
        asked = {"cluster": cluster, "services": [name]}
        try:
            answer = await kit.call("ecs", "DescribeServices", asked, as_=caller(target))
        except AwsError as error:
            raise _gone(target) from error
        found = [one for one in answer.get("services", ()) if one["status"] != "INACTIVE"]
        if not found:
            raise _gone(target)
        return int(found[0]["desiredCount"])
    _, function, qualifier = target.resource.split(":")
    named = {"FunctionName": function, "Qualifier": qualifier}
    try:
        answer = await kit.call("lambda", "GetProvisionedConcurrencyConfig", named, as_=caller(target))
    except AwsError as error:
        if error.code == "ProvisionedConcurrencyConfigNotFoundException":
            return 0
        raise _gone(target) from error
    return int(answer["RequestedProvisionedConcurrentExecutions"])


async def put(kit: Kit, target: Target, capacity: int) -> None:
    """Set the capacity."""
    if target.dimension == ECS:
        _, cluster, name = target.resource.split("/")
        request = {"cluster": cluster, "service": name, "desiredCount": capacity}
        await kit.call("ecs", "UpdateService", request, as_=caller(target))
        return
    _, function, qualifier = target.resource.split(":")
    named = {"FunctionName": function, "Qualifier": qualifier}
    if capacity == 0:
        await kit.call("lambda", "DeleteProvisionedConcurrencyConfig", named, as_=caller(target))
        return
    request = {**named, "ProvisionedConcurrentExecutions": capacity}
    await kit.call("lambda", "PutProvisionedConcurrencyConfig", request, as_=caller(target))


def _gone(target: Target) -> AwsError:
    kind = "ECS service" if target.dimension == ECS else "Lambda function"
    return validation(f"{kind} doesn't exist: {target.resource}")
