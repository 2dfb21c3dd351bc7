"""Custom resources: made by a Lambda function, or by whoever listens to an SNS topic, that answers to a URL.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import json
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Kit
from trunkline.core.db import Table, Tx
from trunkline.services.cloudformation.resources.responses import Responses
from trunkline.services.cloudformation.workflow.handling import Attempt
from trunkline.services.cloudformation.workflow.refusal import Refusal

Doc = dict[str, Any]
_DEFAULT_TIMEOUT_S = 3600
_DATA_LIMIT_BYTES = 4096


@dataclass(slots=True)
class CustomData:
    """What a custom resource answered, for Fn::GetAtt."""

    stack_id: str
    logical_id: str
    physical_id: str
    data: Doc = field(default_factory=dict)
    no_echo: bool = False


custom_data = Table("cloudformation_custom_data", CustomData, key=("stack_id", "logical_id", "physical_id"))
MIGRATIONS = [custom_data.ddl]


class CustomResource(ResourceType):
    """Every `Custom::` type too. ServiceToken names the function or the topic."""

    name = "AWS::CloudFormation::CustomResource"
    honoured = frozenset({"ServiceToken", "ServiceTimeout"})
    timeout_s = _DEFAULT_TIMEOUT_S + 60.0

    def __init__(self, kit: Kit, responses: Responses) -> None:
        self._kit = kit
        self._responses = responses

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await self._ask(on, "Create", wanted, made_as=on.name(128))
        physical_id = str(answer.get("PhysicalResourceId") or "")
        if physical_id:
            await on.made(physical_id)
        self._check(answer, on)
        if not physical_id:
            raise Refusal("Invalid PhysicalResourceId")
        await self._keep(on, physical_id, answer)
        return physical_id

    async def change(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> str:
        """Update; another physical id than before makes it a replacement."""
        if old.get("ServiceToken") != new.get("ServiceToken"):
            raise Refusal("Modifying service token is not allowed.")
        more = {"PhysicalResourceId": physical_id, "OldResourceProperties": _texts(old)}
        answer = await self._ask(on, "Update", new, **more)
        self._check(answer, on)
        given = str(answer.get("PhysicalResourceId") or physical_id)
        await self._keep(on, given, answer)
        return given

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self.change(on, physical_id, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        if not on.kept.get("ServiceToken"):
            return
        answer = await self._ask(on, "Delete", dict(on.kept), PhysicalResourceId=physical_id)
        self._check(answer, on)
        await self._kit.db.write(lambda tx: custom_data.delete(tx, on.stack_id, on.logical_id, physical_id))

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = custom_data.get(self._kit.db, on.stack_id, on.logical_id, physical_id)
        return dict(found.data) if found is not None else {}

    async def _ask(self, on: Provision, what: str, properties: Doc, *, made_as: str = "", **more: Any) -> Doc:
        """Send the request, once as far as that can be known, and wait for the answer.

        made_as: the id of what a Create may have made as soon as it is sent: its failure is followed by a Delete then.
        A request that reaches nobody has made nothing, so that a rollback has nobody to ask either.
        """
        reply_id = f"{on.token}-{what.lower()}"
        url = await self._responses.open(reply_id, "custom", on.stack_id, on.logical_id)
        type = on.type if isinstance(on, Attempt) else self.name
        request = {
            "RequestType": what,
            "ServiceToken": properties.get("ServiceToken"),
            "ResponseURL": url,
            "StackId": on.stack_id,
            "RequestId": on.token,
            "LogicalResourceId": on.logical_id,
            "ResourceType": type,
            "ResourceProperties": _texts(properties),
            **more,
        }
        if not self._responses.was_sent(reply_id):
            await self._send(on, str(properties.get("ServiceToken") or ""), request)
            await self._responses.mark_sent(reply_id)
        if made_as:
            await on.made(made_as)
        deadline = self._kit.clock.time() + _timeout_s(properties)
        while True:
            answer = self._responses.answered(reply_id)
            if answer is not None:
                return answer
            if self._kit.clock.time() >= deadline:
                raise Refusal(
                    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for "
                    f"requestId [{on.token}]. If you are using the Python cfn-response module, you may need to update "
                    "your Lambda function so that CloudFormation can attach the updated version."
                )
            await self._responses.woken(reply_id, min(1.0, max(0.01, deadline - self._kit.clock.time())))

    async def _send(self, on: Provision, token: str, request: Doc) -> None:
        if token.startswith("arn:aws:sns:"):
            subject = "AWS CloudFormation custom resource request"
            await on.call("sns", "Publish", TopicArn=token, Subject=subject, Message=json.dumps(request))
            return
        if not token.startswith("arn:aws:lambda:"):
            raise NotStabilized(f"Invalid service token: {token}")
        payload = json.dumps(request).encode()
        await on.call("lambda", "Invoke", FunctionName=token, InvocationType="Event", Payload=payload)

    def _check(self, answer: Doc, on: Provision) -> None:
        if len(json.dumps(answer.get("Data") or {})) > _DATA_LIMIT_BYTES:
            raise Refusal("Response object is too long.")
        if answer.get("Status") != "SUCCESS":
            raise Refusal(
                f"Received response status [{answer.get('Status')}] from custom resource. Message returned: "
                f"{answer.get('Reason', '')} (RequestId: {on.token})"
            )

    async def _keep(self, on: Provision, physical_id: str, answer: Doc) -> None:
        data = answer.get("Data")
        item = CustomData(
            on.stack_id,
            on.logical_id,
            physical_id,
            data if isinstance(data, dict) else {},
            bool(answer.get("NoEcho")),
        )

        def write(tx: Tx) -> None:
            custom_data.put(tx, item)

        await self._kit.db.write(write)


def _timeout_s(properties: Doc) -> float:
    try:
        return min(float(properties.get("ServiceTimeout", _DEFAULT_TIMEOUT_S)), float(_DEFAULT_TIMEOUT_S))
    except (TypeError, ValueError):
        return float(_DEFAULT_TIMEOUT_S)


def _texts(value: Any) -> Any:
    """Requests carry every scalar as a text."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) or value is None else str(value)
