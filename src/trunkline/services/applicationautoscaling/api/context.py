"""What every operation works with."""

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, Kit
from trunkline.services.applicationautoscaling.model import Activity, Policy, Scheduled
from trunkline.services.applicationautoscaling.scaling import Scaler


class Context:
    """Kit and scaler."""

    def __init__(self, kit: Kit, scaler: Scaler) -> None:
        self._kit = kit
        self._db = kit.db
        self._scaler = scaler

    def _now(self) -> float:
        return self._kit.clock.time()


def wanted(req: Doc, one: Policy | Scheduled | Activity) -> bool:
    """Whether something belongs to the resource and dimension that a list is asked for."""
    return bool(
        req.get("ResourceId", one.resource) == one.resource
        and req.get("ScalableDimension", one.dimension) == one.dimension
    )


def page(items: list[Doc], req: Doc, key: str) -> tuple[list[Doc], str | None]:
    """A page of what is shown."""
    return paging.page(
        items,
        req.get("MaxResults", 50),
        req.get("NextToken"),
        key=lambda one: str(one[key]),
        error="InvalidNextTokenException",
    )


def resource(call: Call, req: Doc) -> str:
    return f"arn:aws:application-autoscaling:{call.region}:{call.account}:scalable-target/*"
