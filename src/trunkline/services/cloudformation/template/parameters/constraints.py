"""Whether one parameter's value is allowed, in CloudFormation's words.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import regex

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import Parameter
from trunkline.services.cloudformation.template.parameters.types import ParameterType

_LONGEST_BYTES = 4096
_PATTERN_S = 1.0


def constrain(parameter: Parameter, kind: ParameterType, value: str) -> None:
    """Raise TemplateError when the value, as given, breaks one of the parameter's constraints."""
    if len(value.encode()) > _LONGEST_BYTES:
        raise TemplateError(f"Parameter '{parameter.name}' value length is greater than {_LONGEST_BYTES}.")
    problem = _problem(parameter, kind, value)
    if problem is None:
        return
    if parameter.constraint_description:
        raise TemplateError(
            f"Parameter {parameter.name} failed to satisfy constraint: {parameter.constraint_description}"
        )
    raise TemplateError(f"Parameter '{parameter.name}' {problem}")


def _problem(parameter: Parameter, kind: ParameterType, value: str) -> str | None:
    items = split_list(value) if kind.is_list else [value]
    for item in items:
        if kind.item == "Number" and not is_number(item):
            return "must be a number" if not kind.is_list else "must be a list of numbers"
        if parameter.allowed_values is not None and not _allowed(parameter.allowed_values, item, kind):
            return "must be one of AllowedValues"
        if kind.item == "Number":
            if parameter.min_value is not None and float(item) < parameter.min_value:
                return f"must be a number not less than {_plain(parameter.min_value)}"
            if parameter.max_value is not None and float(item) > parameter.max_value:
                return f"must be a number not greater than {_plain(parameter.max_value)}"
            continue
        if parameter.min_length is not None and len(item) < parameter.min_length:
            return f"must contain at least {parameter.min_length} characters"
        if parameter.max_length is not None and len(item) > parameter.max_length:
            return f"must contain at most {parameter.max_length} characters"
        if parameter.allowed_pattern is not None and not matches(parameter.allowed_pattern, item):
            return f"must match pattern {parameter.allowed_pattern}"
    return None


def _allowed(values: tuple[str, ...], item: str, kind: ParameterType) -> bool:
    if item in values:
        return True
    return kind.item == "Number" and any(is_number(value) and float(value) == float(item) for value in values)


def matches(pattern: str, value: str) -> bool:
    """Java's `matches`: the whole value. A pattern that cannot be read or takes for ever holds nobody up."""
    try:
        return regex.fullmatch(pattern, value, timeout=_PATTERN_S) is not None
    except (regex.error, TimeoutError):
        return True


def is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return value.strip().lower().lstrip("+-") not in {"nan", "inf", "infinity"}


def split_list(value: str) -> list[str]:
    """A comma-delimited list, each item trimmed; an empty text is one empty item, as on AWS."""
    return [item.strip() for item in value.split(",")]


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)
