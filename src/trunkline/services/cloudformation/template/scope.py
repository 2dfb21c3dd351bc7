"""Where the values that a template's functions ask for come from."""

from collections.abc import Mapping
from typing import Any, Protocol

from trunkline.services.cloudformation.template.errors import Unknown
from trunkline.services.cloudformation.template.model import Template

PSEUDO_PARAMETERS = frozenset(
    "AWS::" + name
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)


class Scope(Protocol):
    """Asked while a value is evaluated; any method may raise Unknown, and any lookup a TemplateError."""

    def parameter(self, name: str) -> Any:
        """A parameter's value, a list for list types; KeyError when the template has no such parameter."""

    def pseudo(self, name: str) -> Any:
        """A pseudo parameter (`AWS::Region`); KeyError when there is none of that name."""

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        """A mapping of the template."""

    def condition(self, name: str) -> bool:
        """Whether a condition holds; KeyError when the template has none of that name."""

    async def ref(self, logical_id: str) -> Any:
        """A resource's physical id."""

    async def attribute(self, logical_id: str, name: str) -> Any:
        """What Fn::GetAtt gives."""

    async def import_value(self, name: str) -> Any:
        """An export of another stack."""

    async def azs(self, region: str) -> list[str]:
        """The region's availability zones that have a default subnet."""

    async def dynamic(self, kind: str, key: str) -> str:
        """`{{resolve:kind:key}}`; see `dynamic.py` for what is in the key."""

    async def stack_output(self, stack: str, output: str, options: Mapping[str, str]) -> Any:
        """Fn::GetStackOutput; options may hold Region and RoleArn."""


class PlainScope:
    """A Scope over values at hand: for conditions, rules and transforms, and to be built on where resources exist.

    What only a running stack knows is Unknown here.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, Any],
        pseudo: Mapping[str, Any],
        conditions: Mapping[str, bool] | None = None,
    ) -> None:
        self.template = template
        self.parameters = parameters
        self.pseudos = pseudo
        self.conditions: Mapping[str, bool] = conditions if conditions is not None else {}

    def parameter(self, name: str) -> Any:
        return self.parameters[name]

    def pseudo(self, name: str) -> Any:
        return self.pseudos[name]

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        return self.template.mappings.get(name)

    def condition(self, name: str) -> bool:
        return self.conditions[name]

    async def ref(self, logical_id: str) -> Any:
        raise Unknown(logical_id)

    async def attribute(self, logical_id: str, name: str) -> Any:
        raise Unknown(f"{logical_id}.{name}")

    async def import_value(self, name: str) -> Any:
        raise Unknown(name)

    async def azs(self, region: str) -> list[str]:
        raise Unknown(region)

    async def dynamic(self, kind: str, key: str) -> str:
        raise Unknown(f"{kind}:{key}")

    async def stack_output(self, stack: str, output: str, options: Mapping[str, str]) -> Any:
        raise Unknown(f"{stack}.{output}")


def pseudo_parameters(
    account: str, region: str, stack_id: str, stack_name: str, notification_arns: list[str] | None = None
) -> dict[str, Any]:
    """The pseudo parameters of a stack; AWS::NoValue is no value and has none here.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """
    partition, suffix = "aws", "amazonaws.com"
    if region.startswith("cn-"):
        partition, suffix = "aws-cn", "amazonaws.com.cn"
    elif region.startswith("us-gov-"):
        partition = "aws-us-gov"
    return {
        "AWS::AccountId": account,
        "AWS::NotificationARNs": list(notification_arns or ()),
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": suffix,
    }
