"""What would surely fail, found before anything is made: CloudFormation's early validation of change sets.

Properties that their schema refuses, and names that are taken; both fail the change set, and DescribeEvents tells each
with the place in the template. Not looked at: what depends on resources that are yet to be made.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

from typing import Any

from trunkline.aws import schemas
from trunkline.aws.resources import Provision
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.preparing import importing, refusing
from trunkline.services.cloudformation.preparing.changes import Changes

Doc = dict[str, Any]
PROPERTIES, NAMES = "PROPERTY_VALIDATION", "NAME_CONFLICT_VALIDATION"
_CHECKS = {
    PROPERTIES: "AWS::EarlyValidation::PropertyValidation",
    NAMES: "AWS::EarlyValidation::ResourceExistenceCheck",
}


async def problems(kit: Kit, caller: Caller, changes: Changes) -> list[Doc]:
    """The members of DescribeEvents' answer that tell of each problem."""
    found = []
    for name, wanted in changes.wanted.items():
        type = changes.prepared.template.resources[name].type
        if type.startswith(("Custom::", "AWS::CloudFormation::")) or template.is_unknown(wanted):
            continue
        wrong = [_wrong_property(name, text) for text in schemas.problems(type, wanted)]
        if not wrong and name not in changes.rows and name not in changes.imports:
            wrong = await _taken(kit, caller, name, type, wanted)
        found += [{"LogicalResourceId": name, "ResourceType": type, **one} for one in wrong]
    return found


def reason(found: list[Doc]) -> str:
    """The change set's, which the CDK's CLI knows by its words."""
    checks = dict.fromkeys(_CHECKS[one["ValidationName"]] for one in found)
    return (
        f"The following hook(s)/validation failed: [{', '.join(checks)}]. To troubleshoot Early Validation errors, "
        "use the DescribeEvents API for detailed failure information."
    )


def _wrong_property(name: str, text: str) -> Doc:
    """`text` is "#/Property/0: what is wrong", or the sentence alone."""
    place, colon, why = text.partition(": ")
    if not colon or not place.startswith("#"):
        place, why = "#", text
    return _problem(PROPERTIES, why, f"/Resources/{name}/Properties{place.removeprefix('#')}")


async def _taken(kit: Kit, caller: Caller, name: str, type: str, wanted: Doc) -> list[Doc]:
    kind, identifier = refusing.find(kit, type), importing.identifier_in(type, wanted)
    if kind is None or identifier is None:
        return []
    on = Provision(kit.call, caller, ids.uuid(), logical_id=name, kept=wanted)
    physical_id = await importing.physical_id(kind, on, identifier, wanted)
    if physical_id is None:
        return []
    member = next(iter(identifier))
    why = f"Resource of type '{type}' with identifier '{'|'.join(identifier.values())}' already exists."
    return [{"PhysicalResourceId": physical_id, **_problem(NAMES, why, f"/Resources/{name}/Properties/{member}")}]


def _problem(name: str, why: str, path: str) -> Doc:
    return {
        "EventType": "VALIDATION_ERROR",
        "ValidationFailureMode": "FAIL",
        "ValidationName": name,
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": why,
        "ValidationPath": path,
    }
