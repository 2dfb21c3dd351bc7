"""Guard mode: a direct change to what a stack owns is flagged in the ledger, or refused, before it is made.

Direct is what a client asks for itself, Cloud Control included; what a stack, or a service on its own account, does is
not. Asked of every changing call while it is on, so it answers from an index and looks no further than the request.
"""

from trunkline.aws import models
from trunkline.aws.identity import Decision, denied
from trunkline.aws.resources import Owner
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core.events import Event
from trunkline.insights.drift import changes
from trunkline.insights.drift.attribution import service_source
from trunkline.insights.drift.naming import texts

FLAGGED = "Trunkline Direct Change to Stack Resource"
MODES = ("off", "flag", "refuse")
_VERBS = frozenset(
    {"add", "associate", "attach", "authorize", "cancel", "change", "delete", "deregister", "detach", "disable",
     "disassociate", "enable", "modify", "put", "release", "remove", "replace", "revoke", "schedule", "set", "tag",
     "untag", "update"}
)  # fmt: skip
# They act on what a resource holds or does, not on the resource.
_EVERYDAY = frozenset(
    {"DeleteFile", "DeleteLogStream", "DeleteMessage", "DeleteMessageBatch", "PutApprovalResult", "PutEvents",
     "PutFile", "PutImage", "PutJobFailureResult", "PutJobSuccessResult", "PutLogEvents", "PutMetricData",
     "PutSecretValue", "SetAlarmState", "UpdateReport", "UpdateSecretVersionStage"}
)  # fmt: skip
_GENERIC_KEYS = frozenset({"arn", "id", "ids", "name", "names", "resource", "resourcearn", "resourceid", "resources"})
_LONGEST, _MOST = 512, 200


class Guard:
    """`await guard(call, request, is_data)` raises to refuse; `flag` only writes an event."""

    def __init__(self, kit: Kit, mode: str) -> None:
        self._kit = kit
        self._refuses = mode == "refuse"

    async def __call__(self, call: Call, request: Doc, is_data: bool) -> None:
        words = changes.split(call.operation)
        creates_tags = call.operation == "CreateTags"
        if is_data or not (words[0] in _VERBS or creates_tags) or call.operation in _EVERYDAY or not direct(call):
            return
        owner = self._owner(call, request)
        if owner is None:
            return
        told = f"{owner.type} {owner.physical_id} belongs to the stack {owner.stack_name} ({owner.logical_id})"
        if self._refuses:
            protocol = models.load(call.service).protocols[0]
            message = f"{told}: change it by its template. Guard mode refuses direct changes to resources of stacks."
            raise denied(Decision(False, message, True), protocol)
        detail = {
            "operation": f"{call.service}:{call.operation}",
            "principal": call.caller.principal.arn,
            "source": call.caller.source_ip,
            "request-id": call.request_id,
            "stack-id": owner.stack_id,
            "logical-resource-id": owner.logical_id,
            "physical-resource-id": owner.physical_id,
            "resource-type": owner.type,
        }
        now = self._kit.clock.now()
        event = Event("trunkline.drift", FLAGGED, detail, call.account, call.region, (owner.stack_id,), time=now)
        await self._kit.db.write(lambda tx: self._kit.ledger.append(tx, event))

    def _owner(self, call: Call, request: Doc) -> Owner | None:
        """The stack's resource that this call is about."""
        source = f"aws.{models.load(call.service).endpoint_prefix}"
        members = [(key, text) for key, text in texts(request) if 2 <= len(text) <= _LONGEST]
        for key, text in members[:_MOST]:
            for name in dict.fromkeys((text, text.rsplit("/", 1)[-1], text.removesuffix(":*").rsplit(":", 1)[-1])):
                for owner in self._kit.resource_types.owners(call.account, call.region, name):
                    if service_source(owner.type) == source and self._is_about(call.operation, key, owner.type):
                        return owner
        return None

    def _is_about(self, operation: str, key: str, type: str) -> bool:
        """Whether an operation with such a member changes a resource of this type, not another that refers to it."""
        spoken, own = changes.flat(operation), changes.noun(type)
        if own in spoken:
            return True
        space = type.rsplit("::", 1)[0]
        others = (changes.noun(name) for name in self._kit.resource_types if name.startswith(f"{space}::"))
        if any(noun in spoken for noun in others if noun != own and len(noun) > 3):
            return False
        return own in changes.flat(key) or changes.flat(key) in _GENERIC_KEYS


def direct(call: Call) -> bool:
    """Whether a client asks for it itself."""
    source = call.caller.source_ip
    if call.caller.principal.kind == "service":
        return False
    return not source.endswith(".amazonaws.com") or source == "cloudcontrolapi.amazonaws.com"
