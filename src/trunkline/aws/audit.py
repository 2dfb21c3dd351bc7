"""The audit record: every call that changes something becomes a CloudTrail event in the ledger.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc
from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.db import Database, Rider, Tx
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.core.log import get

DETAIL_TYPE = "AWS API Call via CloudTrail"
log = get(__name__)

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# Calls whose answer names what they made: without it nothing leads from vpc-1234 back to its CreateVpc.
_MAKING: tuple[str, ...] = ("Allocate", "Associate", "Attach", "Authorize", "Copy", "Create", "Import", "Register")
_MAKING = (*_MAKING, "Request", "Restore", "Run", "Subscribe")
_NAMING = ("arn", "id", "ids", "name", "url")
_NAMING_DEPTH = 4

_TEXT_LIMIT = 1024
_LIST_LIMIT = 20
_TYPES = {
    "root": "Root",
    "user": "IAMUser",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "service": "AWSService",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What the record needs to know of an operation.

    source: the service's endpoint prefix. sensitive: members whose values are hidden. is_data: it acts on contents:
    CloudTrail's data events.
    """

    source: str
    sensitive: frozenset[str]
    is_data: bool


class CallRider(Rider):
    """The record of one call on its way into a commit."""

    __slots__ = ("event_id",)

    def __init__(self, event_id: str, work: Callable[[Tx], None]) -> None:
        super().__init__(work)
        self.event_id = event_id


class Audit:
    """Appends one event for each mutating call, before the caller is answered.

    A call is recorded by a write of its own after its outcome is known; or, when the operation says that it makes one
    write as its last act, by that same write.
    """

    def __init__(self, db: Database, ledger: Ledger, clock: Clock) -> None:
        self._db = db
        self._ledger = ledger
        self._clock = clock
        self._completing: set[asyncio.Task[None]] = set()

    async def record(
        self, call: Call, subject: Subject, request: Doc, error: AwsError | None, answer: Doc | None = None
    ) -> None:
        """Record one call that is over."""
        event = self._event(call, subject, request, error)
        if answer and call.operation.startswith(_MAKING):
            event.detail["responseElements"] = _identity_of(answer)
        await self._db.write(lambda tx: self._ledger.append(tx, event))

    def rider(self, call: Call, subject: Subject, request: Doc) -> "CallRider":
        """The record of a call that succeeds, to be committed together with what it changes."""
        event_id = ids.event_id()
        return CallRider(
            event_id, lambda tx: self._ledger.append(tx, self._event(call, subject, request, None, event_id))
        )

    def complete(self, event_id: str, call: Call, answer: Doc) -> None:
        """Add to a record that rode along what the answer names; nobody waits for it, and a crash may lose it."""
        if call.operation.startswith(_MAKING) and (made := _identity_of(answer)):
            task = asyncio.create_task(
                self._db.write(lambda tx: self._ledger.add_detail(tx, event_id, {"responseElements": made}))
            )
            self._completing.add(task)
            task.add_done_callback(self._completed)

    def _completed(self, task: "asyncio.Task[None]") -> None:
        self._completing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("a record stays without what its call made", error=error)

    def _event(
        self, call: Call, subject: Subject, request: Doc, error: AwsError | None, event_id: str | None = None
    ) -> Event:
        source = subject.source
        now = self._clock.now()
        event_id = event_id or ids.event_id()
        detail: Doc = {
            "eventVersion": "1.11",
            "userIdentity": identity(call.caller),
            "eventTime": now.isoformat()[:19] + "Z",
            "eventSource": f"{source}.amazonaws.com",
            "eventName": call.operation,
            "awsRegion": call.region,
            "sourceIPAddress": call.caller.source_ip,
            "userAgent": call.caller.user_agent,
            "requestParameters": {key: _brief(key, value, subject.sensitive) for key, value in request.items()},
            "requestID": call.request_id,
            "eventID": event_id,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": not subject.is_data,
            "recipientAccountId": call.account,
            "eventCategory": "Data" if subject.is_data else "Management",
        }
        if error is not None:
            detail["errorCode"] = error.code
            detail["errorMessage"] = error.message
        return Event(f"aws.{source}", DETAIL_TYPE, detail, call.account, call.region, id=event_id, time=now)


def identity(caller: Caller) -> Doc:
    """CloudTrail's userIdentity element for a caller."""
    principal = caller.principal
    found: Doc = {"type": _TYPES.get(principal.kind, "Unknown"), "principalId": principal.id}
    if principal.kind == "service":
        return {"type": "AWSService", "invokedBy": principal.name}
    found |= {"arn": principal.arn, "accountId": caller.account, "accessKeyId": caller.access_key_id}
    if principal.kind == "user":
        found["userName"] = principal.name
    if principal.kind == "role":
        role_id = principal.id.split(":", 1)[0]
        found["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": f"arn:aws:iam::{caller.account}:role/{principal.name}",
                "accountId": caller.account,
                "userName": principal.name,
            }
        }
    return found


def _brief(key: str, value: Any, sensitive: frozenset[str]) -> Any:
    """A request member as the record keeps it: secrets hidden, payloads left out, long texts cut."""
    if key in sensitive:
        return _HIDDEN
    if isinstance(value, str):
        return value if len(value) <= _TEXT_LIMIT else value[:_TEXT_LIMIT] + "…"
    if isinstance(value, dict):
        return {name: _brief(name, member, sensitive) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        shown = [_brief("", member, sensitive) for member in value[:_LIST_LIMIT]]
        return shown if len(value) <= _LIST_LIMIT else [*shown, f"… {len(value) - _LIST_LIMIT} more"]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value) if hasattr(value, "isoformat") else None


def _identity_of(answer: Doc, depth: int = _NAMING_DEPTH) -> Doc:
    """The members of an answer that name things; everything else may be a secret."""
    found: Doc = {}
    for key, value in answer.items():
        if isinstance(value, str):
            if key.lower().endswith(_NAMING) and len(value) <= _TEXT_LIMIT:
                found[key] = value
        elif isinstance(value, dict) and depth:
            if inner := _identity_of(value, depth - 1):
                found[key] = inner
        elif isinstance(value, list) and depth:
            listed = [_identity_of(one, depth - 1) for one in value[:_LIST_LIMIT] if isinstance(one, dict)]
            if any(listed):
                found[key] = listed
    return found
