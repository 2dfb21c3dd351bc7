"""Property values in CloudFormation's names and in an operation's: the same words, large or small at the beginning.

`ContainerDefinitions[].PortMappings[].ContainerPort` of a template is `containerDefinitions[].portMappings[]
.containerPort` of a request. Which names are members, and which are keys that users chose (labels, options), the
operation's model knows; so it is walked along with the value.
"""

import json
from collections.abc import Mapping
from typing import Any

from trunkline.aws import models
from trunkline.aws.errors import AwsError
from trunkline.aws.models import Shape
from trunkline.aws.service import Doc

_NUMBERS: dict[str, type] = {"integer": int, "long": int, "float": float, "double": float}


def to_request(service: str, operation: str, properties: Mapping[str, Any], **renamed: str) -> Doc:
    """The members of a request for properties; `renamed` gives those whose top-level names differ (Name="jobName").

    ValidationException for a property that the operation does not have.
    """
    shape = models.load(service).operations[operation].input
    assert shape is not None
    given = {renamed.get(name, name): value for name, value in properties.items()}
    request: Doc = _into(shape, given, "")
    return request


def into(service: str, shape_name: str, value: Any) -> Any:
    """A value in the names of one shape of a service."""
    return _into(models.load(service).shape(shape_name), value, "")


def to_properties(service: str, shape_name: str, value: Any, names: Mapping[str, str] | None = None) -> Any:
    """A value of an answer in CloudFormation's names; `names` gives those that are not just written large."""
    return _out(models.load(service).shape(shape_name), value, names or {})


def _into(shape: Shape, value: Any, path: str) -> Any:
    if value is None:
        return None
    if shape.type == "structure" and isinstance(value, Mapping):
        members = {name.lower(): member for name, member in shape.members.items()}
        made: Doc = {}
        for name, item in value.items():
            member = members.get(name.lower())
            if member is None:
                raise AwsError("ValidationException", f"Trunkline does not know the property {path}{name}.")
            made[member.name] = _into(member.shape, item, f"{path}{name}.")
        return made
    if shape.type == "list" and isinstance(value, list):
        return [_into(shape.member.shape, item, path) for item in value]
    if shape.type == "map" and isinstance(value, Mapping):
        return {str(key): _into(shape.value.shape, item, f"{path}{key}.") for key, item in value.items()}
    if shape.type == "string" and isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    if shape.type == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if shape.type in _NUMBERS and isinstance(value, str):
        return _NUMBERS[shape.type](value)
    if shape.type == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    return value


def _out(shape: Shape, value: Any, names: Mapping[str, str]) -> Any:
    if shape.type == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {
            names.get(name, name[:1].upper() + name[1:]): _out(members[name].shape, item, names)
            for name, item in value.items()
            if item is not None and name in members
        }
    if shape.type == "list" and isinstance(value, list | tuple):
        return [_out(shape.member.shape, item, names) for item in value]
    if shape.type == "map" and isinstance(value, Mapping):
        return {key: _out(shape.value.shape, item, names) for key, item in value.items()}
    return value
