"""The resource types that are CloudFormation's own."""

from trunkline.aws.resources import ResourceType
from trunkline.aws.service import Kit
from trunkline.services.cloudformation.resources.responses import MIGRATIONS, ROUTE, Responses
from trunkline.services.cloudformation.resources.waiting import WaitCondition, WaitConditionHandle

__all__ = ["MIGRATIONS", "ROUTE", "Responses", "types"]


def types(kit: Kit, responses: Responses) -> tuple[ResourceType, ...]:
    return (WaitConditionHandle(kit, responses), WaitCondition(kit))
