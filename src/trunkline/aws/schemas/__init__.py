"""What AWS's registry says of each resource type, and what follows from it: how a template's values are typed, what is
wrong with them, which change needs a new resource, and whether what there is differs from what was asked for.

Shared by CloudFormation, Cloud Control and drift detection; pure, no calls.

    load(type) -> Schema | None                         typed(type, properties) -> properties
    problems(type, properties) -> [sentence]            sentence(logical_id, type, properties) -> an event's reason
    refusals(type, properties, handler) -> [sentence]   difference(type, old, new) -> [Difference]
    drift(type, expected, actual) -> [Difference]
"""

from trunkline.aws.schemas.comparing import ABSENT, Difference, difference, drift
from trunkline.aws.schemas.store import Schema, load, registry_schema, types
from trunkline.aws.schemas.typing import typed
from trunkline.aws.schemas.validation import problems, refusals, sentence

__all__ = [
    "ABSENT",
    "Difference",
    "Schema",
    "difference",
    "drift",
    "load",
    "problems",
    "refusals",
    "registry_schema",
    "sentence",
    "typed",
    "types",
]
