"""What hooks said."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudformation.api.part import Part
from trunkline.services.cloudformation.hooks import store
from trunkline.services.cloudformation.hooks.model import HookResult

_PAGE = 100


class HookOperations(Part):
    """ListHookResults and GetHookResult."""

    @operation()
    async def list_hook_results(self, call: Call, req: Doc) -> Doc:
        wanted = {"target_id": req["TargetId"]} if req.get("TargetId") else {}
        listed = [
            one
            for one in store.results.find(self._db, prefix=(call.account, call.region), **wanted)
            if req.get("TargetType") in (None, one.target_type)
            and req.get("Status") in (None, one.status)
            and req.get("TypeArn") in (None, one.arn)
        ]
        page, token = paging.page(
            listed,
            _PAGE,
            req.get("NextToken"),
            key=lambda one: f"{one.at.isoformat()} {one.id}",
            reverse=True,
            error="ValidationError",
        )
        return {
            "TargetType": req.get("TargetType"),
            "TargetId": req.get("TargetId"),
            "HookResults": [{**_view(one), "TargetType": one.target_type, "TargetId": one.target_id} for one in page],
            "NextToken": token,
        }

    @operation()
    async def get_hook_result(self, call: Call, req: Doc) -> Doc:
        found = store.results.get(self._db, call.account, call.region, req.get("HookResultId", ""))
        if found is None:
            raise AwsError("HookResultNotFoundException", f"Hook result {req.get('HookResultId')} is not found.")
        target = {
            "TargetType": "RESOURCE",
            "TargetTypeName": found.target_name,
            "TargetId": found.logical_id or found.target_id,
            "Action": found.action,
        }
        return {**_view(found), "Target": target}


def _view(one: HookResult) -> Doc:
    return {
        "HookResultId": one.id,
        "InvocationPoint": "PRE_PROVISION",
        "FailureMode": one.mode,
        "TypeName": one.alias,
        "TypeArn": one.arn,
        "Status": one.status,
        "HookStatusReason": one.reason or None,
        "InvokedAt": one.at,
    }
