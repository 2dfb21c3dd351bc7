"""The `Parameters` member of a request: values, and `UsePreviousValue`."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from trunkline.services.cloudformation.template.errors import TemplateError


class _Previous:
    def __repr__(self) -> str:
        return "PREVIOUS"


PREVIOUS: Final = _Previous()
"""Stands for the value that the stack has: `UsePreviousValue: true`."""

Given = Mapping[str, "str | _Previous"]


def given(listed: Iterable[Mapping[str, Any]]) -> dict[str, "str | _Previous"]:
    """A request's list of Parameter objects by key."""
    found: dict[str, str | _Previous] = {}
    for item in listed:
        key = item.get("ParameterKey")
        if not key:
            raise TemplateError("ParameterKey must not be empty.")
        if key in found:
            raise TemplateError(f"Parameter '{key}' is given more than once")
        value, previous = item.get("ParameterValue"), item.get("UsePreviousValue")
        if previous and value is not None:
            raise TemplateError(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value "
                "for a parameter"
            )
        if previous:
            found[key] = PREVIOUS
        elif value is None:
            raise TemplateError(f"Invalid input for parameter key {key}. Need to specify a value or usePreviousValue.")
        else:
            found[key] = value
    return found
