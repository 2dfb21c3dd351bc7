"""Tells the targets of rules what happened. A message may be sent twice after a crash, as SNS itself may."""

from typing import Any

import orjson

from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.events import Event
from trunkline.core.log import get
from trunkline.services.codestarnotifications import event_types, store
from trunkline.services.codestarnotifications.model import ENABLED, FULL, Rule

log = get(__name__)
_PRINCIPAL = "codestar-notifications.amazonaws.com"
_BASIC = {"version", "event", "state", "pipeline", "execution-id", "stage", "action", "application", "deploymentId"} | {
    "repositoryName", "referenceName", "referenceType", "commitId", "build-status", "project-name", "build-id",
}  # fmt: skip


class Notifying:
    """The bus's handler of events of the code services."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def __call__(self, event: Event) -> None:
        types = event_types.of(event)
        if not types:
            return
        for rule in store.RULES.find(self._kit.db, resource=event_types.resource_of(event)):
            wanted = next((one for one in types if one in rule.events), None)
            if wanted is None or rule.status != ENABLED or rule.created > event.time:
                continue
            text = orjson.dumps(_message(rule, event, wanted)).decode()
            for target in rule.targets:
                await self._publish(rule, target, text)

    async def _publish(self, rule: Rule, topic: str, text: str) -> None:
        caller = Caller.service(_PRINCIPAL, rule.account, topic.split(":")[3])
        try:
            with on_behalf_of(rule.arn):
                await self._kit.call("sns", "Publish", {"TopicArn": topic, "Message": text}, as_=caller)
        except AwsError as error:  # a topic that is gone stays gone: trying again would stop all others
            log.warning("a notification was given up", rule=rule.name, topic=topic, error=error)


def _message(rule: Rule, event: Event, event_type: str) -> dict[str, Any]:
    detail = event.detail if rule.detail == FULL else {key: event.detail[key] for key in event.detail if key in _BASIC}
    return {
        "account": event.account,
        "detailType": event.detail_type,
        "region": event.region,
        "source": event.source,
        "time": event.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "notificationRuleArn": rule.arn,
        "detail": detail,
        "resources": list(event.resources),
        "additionalAttributes": {"eventTypeId": event_type},
    }
