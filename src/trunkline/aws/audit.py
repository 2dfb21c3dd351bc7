"""The audit record: every call that changes something becomes a CloudTrail event in the ledger.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

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

_KEPT = ("source", "detail_type", "detail", "account", "region", "id", "time")
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


_STEPS = ["CREATE TABLE audit_open (id TEXT PRIMARY KEY, event BLOB NOT NULL)"]


class CallRider(Rider):
    """The record of one call on its way into a commit. is_open: it waits there for what the call's answer names."""

    __slots__ = ("event", "is_open")

    def __init__(self, event: Event, is_open: bool, work: Callable[[Tx], None]) -> None:
        super().__init__(work)
        self.event = event
        self.is_open = is_open


class Audit:
    """Appends one event for each mutating call.

    A call is recorded by a write of its own after its outcome is known; or, when the operation says that it makes one
    write as its last act, by that same write. What a call has made is known only from its answer: the record of such a
    call is kept open in the commit of the change, and appended to the ledger, whole, when the answer is there. What a
    crash left open is appended at the next start, so no change is without its record.
    """

    def __init__(self, db: Database, ledger: Ledger, clock: Clock) -> None:
        self._db = db
        self._ledger = ledger
        self._clock = clock
        self._closing: set[asyncio.Task[None]] = set()
        db.migrate("audit", _STEPS)
        if db.one("SELECT 1 FROM audit_open"):
            db.write_blocking(self._close_all)

    async def record(
        self, call: Call, subject: Subject, request: Doc, error: AwsError | None, answer: Doc | None = None
    ) -> None:
        """Record one call that is over."""
        event = self._event(call, subject, request, error)
        if answer and call.operation.startswith(_MAKING):
            event.detail["responseElements"] = _identity_of(answer)
        await self._db.write(lambda tx: self._ledger.append(tx, event))

    def rider(self, call: Call, subject: Subject, request: Doc) -> CallRider:
        """The record of a call that succeeds, to be committed together with what it changes."""
        event = self._event(call, subject, request, None)
        if call.operation.startswith(_MAKING) and not subject.is_data:
            return CallRider(event, True, lambda tx: self._open(tx, event))
        return CallRider(event, False, lambda tx: self._ledger.append(tx, event))

    def close(self, rider: CallRider, answer: Doc) -> None:
        """Append an open record with what the answer names. Nobody waits for it: the change and its record are safe."""
        if not rider.is_open:
            return
        if made := _identity_of(answer):
            rider.event.detail["responseElements"] = made
        task = asyncio.create_task(self._db.write(lambda tx: self._close(tx, rider.event)))
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: "asyncio.Task[None]") -> None:
        self._closing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("a record stays open until the next start", error=error)

    def _open(self, tx: Tx, event: Event) -> None:
        kept = {name: getattr(event, name) for name in _KEPT}
        tx.execute("INSERT INTO audit_open VALUES (?, ?)", (event.id, orjson.dumps(kept)))

    def _close(self, tx: Tx, event: Event) -> None:
        self._ledger.append(tx, event)
        tx.execute("DELETE FROM audit_open WHERE id = ?", (event.id,))

    def _close_all(self, tx: Tx) -> None:
        for row in tx.all("SELECT event FROM audit_open ORDER BY rowid"):
            kept = orjson.loads(row["event"])
            self._close(tx, Event(**{**kept, "time": datetime.fromisoformat(kept["time"])}))

    def _event(self, call: Call, subject: Subject, request: Doc, error: AwsError | None) -> Event:
        source = subject.source
        now = self._clock.now()
        event_id = ids.event_id()
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
