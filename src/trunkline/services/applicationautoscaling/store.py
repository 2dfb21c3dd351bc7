"""The tables of targets, policies, scheduled actions and activities."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc
from trunkline.core.db import Reader, Table
from trunkline.services.applicationautoscaling.model import Activity, Policy, Scheduled, Target

_PLACE = ("account", "region", "namespace", "resource", "dimension")
TARGETS = Table("appscaling_targets", Target, key=_PLACE)
POLICIES = Table("appscaling_policies", Policy, key=(*_PLACE, "name"))
SCHEDULED = Table("appscaling_scheduled", Scheduled, key=(*_PLACE, "name"))
ACTIVITIES = Table("appscaling_activities", Activity, key=(*_PLACE, "started", "id"))
MIGRATIONS = [TARGETS.ddl + POLICIES.ddl + SCHEDULED.ddl + ACTIVITIES.ddl]
_KEEP_S = 6 * 7 * 86_400.0


def place(call: Call, req: Doc) -> tuple[str, str, str, str, str]:
    """Where a request's target is."""
    return call.account, call.region, req["ServiceNamespace"], req["ResourceId"], req["ScalableDimension"]


def target(reader: Reader, call: Call, req: Doc) -> Target:
    """The scalable target that a request names."""
    found = TARGETS.get(reader, *place(call, req))
    if found is None:
        raise AwsError(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {req['ServiceNamespace']}, resource ID: "
            f"{req['ResourceId']}, scalable dimension: {req['ScalableDimension']}",
        )
    return found


def of(owner: Target | Policy | Scheduled) -> tuple[str, str, str, str, str]:
    """The key of what belongs to the same target."""
    return owner.account, owner.region, owner.namespace, owner.resource, owner.dimension


def oldest_kept(now: float) -> float:
    return now - _KEEP_S
