"""Evaluation: a value of the template with every intrinsic function replaced by what it gives.

Evaluation follows the chosen branch of Fn::If only, leaves out what is AWS::NoValue, and puts UNKNOWN where the scope
raises Unknown.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from typing import Any

from trunkline.services.cloudformation.template.dynamic import resolved
from trunkline.services.cloudformation.template.errors import NO_VALUE
from trunkline.services.cloudformation.template.intrinsics import addresses, extensions, logic, references, texts
from trunkline.services.cloudformation.template.intrinsics.calling import function_of, value_of
from trunkline.services.cloudformation.template.scope import Scope

__all__ = ["addresses", "evaluate", "extensions", "function_of", "logic", "references", "texts"]


async def evaluate(value: Any, scope: Scope, *, dynamic: bool = True) -> Any:
    """What `value` stands for; NO_VALUE when it is AWS::NoValue as a whole.

    dynamic: whether dynamic references are replaced too (change sets and stored properties keep them as written).
    """
    found = await value_of(value, scope)
    return found if found is NO_VALUE or not dynamic else await resolved(found, scope)
