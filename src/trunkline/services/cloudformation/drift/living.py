"""A stack's resource as it really is, for updates that start from there (drift-aware change sets).

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
"""

from dataclasses import replace
from typing import Any

from trunkline.aws.service import Caller, Kit
from trunkline.services.cloudformation.drift.checking import check, checkable
from trunkline.services.cloudformation.drift.model import Drift, ResourceDrift
from trunkline.services.cloudformation.model import Resource, Stack

Doc = dict[str, Any]
REVERT = "REVERT_DRIFT"


async def living(kit: Kit, caller: Caller, stack: Stack, resource: Resource) -> Resource | None:
    """The resource with the properties it has now; None when it is gone. Raises AwsError when it cannot be read."""
    if not checkable(kit, resource):
        return resource
    drift = await check(kit, caller, stack, resource)
    if drift.status is Drift.DELETED:
        return None
    return replace(resource, properties=properties_now(resource, drift)) if drift.drifted else resource


def properties_now(resource: Resource, drift: ResourceDrift) -> Doc:
    """The properties as they are where they have drifted, and as they were asked for where not."""
    changed = {one.path.split("/")[1] for one in drift.differences}
    asked = {key: value for key, value in resource.properties.items() if key not in changed}
    return asked | {key: value for key, value in drift.actual.items() if key in changed}
