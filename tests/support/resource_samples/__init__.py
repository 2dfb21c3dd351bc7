"""Samples of every resource type, for the tests that go through all of them.

One module for each service, with `SAMPLES: dict[str, Sample]` by type. A type whose update needs another sort of
resource may have several: `"AWS::ECS::Service (EXTERNAL)"` is a second sample of `AWS::ECS::Service`.
"""

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Sample:
    """A resource that can be made from nothing but what it lists.

    properties: as a template gives them; may refer to `needs` by {"Ref": logical} and {"Fn::GetAtt": [logical, name]}.
    updates: for each property that can change in place, another value of it (the same references allowed).
    needs: other resources of the same template, by logical id: (type, properties); in an order in which they can be
    made.
    stays: whether a delete leaves it as it is, as on AWS: a service always has a primary task set.
    without: attributes that such a resource does not have on AWS either.
    moves: of the updates, those that lead to another resource when they are not made by a stack: names that cannot be
    changed by a call.
    """

    properties: dict[str, Any]
    updates: dict[str, Any] = field(default_factory=dict)
    needs: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    stays: bool = False
    without: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()


def callable_by(service: str, *names: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Functions that a service may call, and the role they all have: for `needs`."""
    principals = ["lambda.amazonaws.com", f"{service}.amazonaws.com"]
    trust = {"Effect": "Allow", "Principal": {"Service": principals}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    found: dict[str, tuple[str, dict[str, Any]]] = {"Role": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": document})}
    for name in names:
        function = {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context):\n    return event\n"},
        }
        allowed = {"FunctionName": {"Ref": name}, "Action": "lambda:InvokeFunction"}
        found[name] = ("AWS::Lambda::Function", function)
        found[f"Permission{name}"] = ("AWS::Lambda::Permission", {**allowed, "Principal": f"{service}.amazonaws.com"})
    return found


def all_samples() -> dict[str, Sample]:
    """Every sample of every module here, by its key (the type, or the type and a word in brackets)."""
    found: dict[str, Sample] = {}
    for module in sorted(piece.name for piece in pkgutil.iter_modules(__path__)):
        samples: dict[str, Sample] = importlib.import_module(f"{__name__}.{module}").SAMPLES
        twice = found.keys() & samples.keys()
        assert not twice, f"{module} gives a second sample of {sorted(twice)}"
        found |= samples
    return found


def type_of(key: str) -> str:
    """The resource type that a sample's key names."""
    return key.split(" ", 1)[0]
