"""In which order transforms run, and what each sees.

Nested Fn::Transform run first, from the innermost outwards; then those of the Transform section in the order declared.
What they give may hold Fn::Transform again.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
"""

from collections.abc import Mapping
from typing import Any, Protocol

from trunkline.services.cloudformation.template.model import Doc


class Transforming(Protocol):
    """What transforms need of the stack they run for. parameters: values as Ref gives them."""

    parameters: Mapping[str, Any]
    account: str
    region: str
    stack_id: str
    stack_name: str

    async def macro(self, name: str, fragment: Any, params: Mapping[str, Any]) -> Any:
        """The fragment as the macro gives it back; raises TransformError when it fails."""

    async def include(self, location: str) -> str:
        """The text of the object that AWS::Include names (`s3://bucket/key`)."""


async def transform(doc: Doc, transforming: Transforming) -> Doc:
    """The processed template."""
    return doc
