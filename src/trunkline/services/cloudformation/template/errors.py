"""What can be wrong with a template, and the two values that an evaluated one may hold beside plain data."""

from typing import Any, Final


class TemplateError(Exception):
    """The template, or a value given to it, is refused; `message` is the sentence AWS answers as ValidationError."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TransformError(TemplateError):
    """A transform failed: AWS tells of it in the change set's or the stack's status reason, not in the answer."""


class Unknown(Exception):
    """Raised by a Scope for what only running the stack will tell; evaluation then gives UNKNOWN in its place."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.why = why


class NotThere(LookupError):
    """Raised by a lookup callback when no such VPC, key pair, SSM parameter, ... exists."""


class _NoValue:
    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Final = _NoValue()
"""What `{"Ref": "AWS::NoValue"}` evaluates to; inside lists and objects it has already been left out."""

UNKNOWN: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""How a change set writes a value that is known only afterwards; it may be a part of a text."""


def is_unknown(value: Any) -> bool:
    """Whether anything in an evaluated value is known only afterwards."""
    if isinstance(value, str):
        return UNKNOWN in value
    if isinstance(value, dict):
        return any(is_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(is_unknown(item) for item in value)
    return False


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it where a text is wanted."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return value if isinstance(value, str) else str(value)
