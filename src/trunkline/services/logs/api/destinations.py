"""Destinations: names under which other accounts subscribe to a stream of this one, kept with their access policies.

Their targets are Kinesis and Firehose streams, which Trunkline does not have: a subscription filter that names one is
refused.
"""

from __future__ import annotations

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context
from trunkline.services.logs.model import Destination
from trunkline.services.logs.store import DESTINATIONS

_RESOURCE = "arn:aws:logs:{region}:{account}:destination:{destinationName}"


class Destinations(Context):
    @operation(_RESOURCE)
    async def put_destination(self, call: Call, req: Doc) -> Doc:
        if req["targetArn"].split(":")[2:3] not in (["kinesis"], ["firehose"]):
            raise AwsError("InvalidParameterException", "The target of a destination must be a Kinesis stream.")
        before = self._destination(call, req["destinationName"])
        made = Destination(
            call.account,
            call.region,
            req["destinationName"],
            req["targetArn"],
            req["roleArn"],
            before.created_ms if before else self._now_ms(),
            before.access_policy if before else None,
            tags.normalise(req.get("tags"), error="InvalidParameterException") or (before.tags if before else {}),
        )
        await self._store.write(lambda tx: DESTINATIONS.put(tx, made))
        return {"destination": _described(made)}

    @operation(_RESOURCE)
    async def put_destination_policy(self, call: Call, req: Doc) -> Doc:
        found = self._destination(call, req["destinationName"])
        if found is None:
            raise AwsError("ResourceNotFoundException", "The specified destination does not exist.", status=400)
        try:
            parse(req["accessPolicy"], "resource")
        except PolicyError as error:
            raise AwsError("InvalidParameterException", f"Invalid policy document: {error}") from None
        found.access_policy = req["accessPolicy"]
        await self._store.write(lambda tx: DESTINATIONS.put(tx, found))
        return {}

    @operation(_RESOURCE)
    async def delete_destination(self, call: Call, req: Doc) -> Doc:
        name = req["destinationName"]
        if not await self._store.write(lambda tx: DESTINATIONS.delete(tx, call.account, call.region, name)):
            raise AwsError("ResourceNotFoundException", "The specified destination does not exist.")
        return {}

    @operation()
    async def describe_destinations(self, call: Call, req: Doc) -> Doc:
        prefix = req.get("DestinationNamePrefix", "")
        found = DESTINATIONS.find(self._store.db, prefix=(call.account, call.region))
        shown, token = paging.page(
            [one for one in found if one.name.startswith(prefix)],
            req.get("limit", DEFAULT_PAGE),
            req.get("nextToken"),
            key=lambda one: one.name,
            error="InvalidParameterException",
        )
        return {"destinations": [_described(one) for one in shown], "nextToken": token}

    def _destination(self, call: Call, name: str) -> Destination | None:
        return DESTINATIONS.get(self._store.db, call.account, call.region, name)


def _described(one: Destination) -> Doc:
    return {
        "destinationName": one.name,
        "targetArn": one.target,
        "roleArn": one.role_arn,
        "accessPolicy": one.access_policy,
        "arn": one.arn,
        "creationTime": one.created_ms,
    }
