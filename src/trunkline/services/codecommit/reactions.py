"""Tells SNS topics and Lambda functions of moved references, as the repository's triggers ask.

https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify.html
"""

from datetime import datetime
from typing import Any

import orjson

from trunkline.aws import arn as arns
from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.codecommit import store
from trunkline.services.codecommit.model import BRANCHES, Repository, Trigger

log = get(__name__)
_KINDS = {
    "referenceCreated": "createReference",
    "referenceUpdated": "updateReference",
    "referenceDeleted": "deleteReference",
}


class Triggering:
    """The bus's handler of our own state changes. A message may be sent twice after a crash, as SNS itself may."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def __call__(self, event: Event) -> None:
        repository = store.by_id(self._kit.db, event.detail["repositoryId"])
        if repository is None:
            return
        for trigger in repository.triggers:
            if _concerns(trigger, event):
                message = _message(repository, trigger, event)
                try:
                    await publish(self._kit, repository, trigger, message)
                except AwsError as error:  # a topic that is gone stays gone: trying again would stop all others
                    log.warning("a trigger failed", repository=repository.name, trigger=trigger.name, error=error)


async def publish(kit: Kit, repository: Repository, trigger: Trigger, message: dict[str, Any]) -> None:
    """Send one message to a trigger's topic or function."""
    owner = arns.parse(trigger.destination_arn)
    caller = Caller.service("codecommit.amazonaws.com", owner.account, repository.region)
    body = orjson.dumps(message)
    with on_behalf_of(repository.arn):
        if owner.service == "lambda":
            request = {"FunctionName": trigger.destination_arn, "InvocationType": "Event", "Payload": body}
            await kit.call("lambda", "Invoke", request, as_=caller)
        else:
            request = {"TopicArn": trigger.destination_arn, "Message": body.decode()}
            await kit.call("sns", "Publish", request, as_=caller)


def test_message(repository: Repository, trigger: Trigger, who: str, now: datetime) -> dict[str, Any]:
    """What TestRepositoryTriggers sends."""
    reference = {"commit": "0" * 40, "ref": BRANCHES + (repository.default_branch or "main")}
    return _record(repository, trigger, "TriggerEventTest", reference, who, ids.uuid(), now)


def _concerns(trigger: Trigger, event: Event) -> bool:
    detail = event.detail
    if trigger.branches and (detail["referenceType"] != "branch" or detail["referenceName"] not in trigger.branches):
        return False
    return "all" in trigger.events or _KINDS[detail["event"]] in trigger.events


def _message(repository: Repository, trigger: Trigger, event: Event) -> dict[str, Any]:
    detail = event.detail
    reference: dict[str, Any] = {
        "commit": detail.get("commitId") or detail.get("oldCommitId"),
        "ref": detail["referenceFullName"],
    }
    if detail["event"] != "referenceUpdated":
        reference["created" if detail["event"] == "referenceCreated" else "deleted"] = True
    return _record(repository, trigger, "ReferenceChanges", reference, detail["callerUserArn"], event.id, event.time)


def _record(
    repository: Repository,
    trigger: Trigger,
    name: str,
    reference: dict[str, Any],
    who: str,
    event_id: str,
    time: datetime,
) -> dict[str, Any]:
    record = {
        "awsRegion": repository.region,
        "codecommit": {"references": [reference]},
        "customData": trigger.custom_data,
        "eventId": event_id,
        "eventName": name,
        "eventPartNumber": 1,
        "eventSource": "aws:codecommit",
        "eventSourceARN": repository.arn,
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "eventTotalParts": 1,
        "eventTriggerConfigId": repository.triggers_id,
        "eventTriggerName": trigger.name,
        "eventVersion": "1.0",
        "userIdentityARN": who,
    }
    return {"Records": [record]}
