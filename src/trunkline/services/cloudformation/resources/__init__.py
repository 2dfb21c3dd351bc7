"""The resource types that are CloudFormation's own."""

from trunkline.aws.resources import ResourceType
from trunkline.aws.service import Kit
from trunkline.services.cloudformation.resources import custom, responses
from trunkline.services.cloudformation.resources.custom import CustomResource
from trunkline.services.cloudformation.resources.hook import LambdaHook
from trunkline.services.cloudformation.resources.macro import Macro
from trunkline.services.cloudformation.resources.metadata import Metadata
from trunkline.services.cloudformation.resources.nested import NestedStack
from trunkline.services.cloudformation.resources.responses import ROUTE, Responses
from trunkline.services.cloudformation.resources.waiting import WaitCondition, WaitConditionHandle

__all__ = ["MIGRATIONS", "ROUTE", "Responses", "types"]

MIGRATIONS = [*responses.MIGRATIONS, *custom.MIGRATIONS]


def types(kit: Kit, replies: Responses) -> tuple[ResourceType, ...]:
    return (
        WaitConditionHandle(kit, replies),
        WaitCondition(kit),
        CustomResource(kit, replies),
        NestedStack(kit),
        Macro(kit),
        LambdaHook(kit),
        Metadata(),
    )
