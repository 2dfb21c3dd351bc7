"""What a transform needs of the stack it runs for."""

from collections.abc import Mapping
from typing import Any, Protocol


class Transforming(Protocol):
    """parameters: values as Ref gives them. Both callbacks raise TransformError with the reason to show."""

    @property
    def parameters(self) -> Mapping[str, Any]: ...

    @property
    def account(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def stack_id(self) -> str: ...

    @property
    def stack_name(self) -> str: ...

    async def macro(self, name: str, fragment: Any, params: Mapping[str, Any]) -> Any:
        """The fragment as the macro `name` gives it back; params are evaluated.

        AWS's reasons: "No transform named ACCOUNT::NAME found.", "Transform ACCOUNT::NAME failed with: MESSAGE",
        "Transform ACCOUNT::NAME failed without an error message.", "Received malformed response from transform
        ACCOUNT::NAME".
        """

    async def include(self, location: str) -> str:
        """The text of the object that AWS::Include names (`s3://bucket/key`)."""
