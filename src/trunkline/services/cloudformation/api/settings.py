"""A stack's settings as requests give them."""

from trunkline.aws.service import Doc
from trunkline.services.cloudformation.drift.living import REVERT
from trunkline.services.cloudformation.model import Stack
from trunkline.services.cloudformation.preparing.sources import bad


def settings_of(stack: Stack, req: Doc, *, update: bool = False) -> None:
    """Put a request's settings into a stack; in an update, what is not given stays."""
    if not update or "Capabilities" in req:
        stack.capabilities = req.get("Capabilities") or []
    if not update or "NotificationARNs" in req:
        stack.notification_arns = _topics(req.get("NotificationARNs") or [])
    if not update or "RollbackConfiguration" in req:
        stack.rollback = req.get("RollbackConfiguration") or {}
        if len(stack.rollback.get("RollbackTriggers") or ()) > 5:
            raise bad("The maximum number of rollback triggers is 5.")
    if "RoleARN" in req:
        stack.role_arn = req["RoleARN"]
    if "RetainExceptOnCreate" in req:
        stack.retain_except_on_create = req["RetainExceptOnCreate"]
    deployment = req.get("DeploymentConfig") or {}
    stack.deployment = deployment
    stack.disable_rollback = bool(req.get("DisableRollback", deployment.get("DisableRollback")))
    if not update:
        stack.timeout_min = req.get("TimeoutInMinutes")
        stack.on_failure = req.get("OnFailure") or ""
        stack.protected = bool(req.get("EnableTerminationProtection"))


def options_of(req: Doc, kind: str) -> Doc:
    """What of a request the operation's workflow needs."""
    deployment = req.get("DeploymentConfig") or {}
    return {
        "disable_rollback": bool(req.get("DisableRollback", deployment.get("DisableRollback"))),
        "on_failure": (req.get("OnFailure") or req.get("OnStackFailure") or "") if kind == "CREATE" else "",
        "retain_except_on_create": bool(req.get("RetainExceptOnCreate")),
        "reverts": req.get("DeploymentMode") == REVERT,
    }


def _topics(arns: list[str]) -> list[str]:
    for arn in arns:
        if not arn.startswith("arn:aws:sns:"):
            raise bad(f"Invalid notification ARN: {arn}")
    return arns
