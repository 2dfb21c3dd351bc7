"""What an account may have: AWS's default quotas, which are enforced here too where they are named."""

from __future__ import annotations

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.elbv2.actions import MAX_ACTIONS, MAX_GROUPS
from trunkline.services.elbv2.api.context import Context
from trunkline.services.elbv2.api.listeners import MAX_LISTENERS
from trunkline.services.elbv2.api.rules import MAX_RULES
from trunkline.services.elbv2.api.targets import MAX_TARGETS
from trunkline.services.elbv2.conditions import MAX_VALUES

_LIMITS = {
    "condition-values-per-alb-rule": MAX_VALUES,
    "listeners-per-application-load-balancer": MAX_LISTENERS,
    "rules-per-application-load-balancer": MAX_RULES,
    "target-groups-per-action-on-application-load-balancer": MAX_GROUPS,
    "targets-per-target-group": MAX_TARGETS,
    "actions-per-rule": MAX_ACTIONS,
}


class Limits(Context):
    @operation()
    async def describe_account_limits(self, call: Call, req: Doc) -> Doc:
        limits = [{"Name": name, "Max": str(most)} for name, most in sorted(_LIMITS.items())]
        shown, marker = self._page(req, limits, lambda limit: str(limit["Name"]))
        return {"Limits": shown, "NextMarker": marker}
