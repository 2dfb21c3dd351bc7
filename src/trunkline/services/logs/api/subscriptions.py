"""Subscription filters: put, describe, delete. Their destination is a Lambda function."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context, group_resource
from trunkline.services.logs.forwarding import call as call_function
from trunkline.services.logs.model import MAX_SUBSCRIPTION_FILTERS, LogGroup, SubscriptionFilter
from trunkline.services.logs.pattern import InvalidPattern, compile_pattern
from trunkline.services.logs.store import SUBSCRIPTIONS


class Subscriptions(Context):
    @operation(group_resource)
    async def put_subscription_filter(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        self._standard_only(group, "PutSubscriptionFilter")
        destination = req["destinationArn"]
        for member in ("fieldSelectionCriteria", "emitSystemFields"):
            if req.get(member):
                raise Refused(f"Trunkline does not support {member} in subscription filters: leave it out.")
        try:
            compile_pattern(req["filterPattern"])
        except InvalidPattern as error:
            raise AwsError("InvalidParameterException", str(error)) from None
        self._check_regexes(group, req["filterName"], req["filterPattern"])
        added = SubscriptionFilter(
            group.id,
            req["filterName"],
            req["filterPattern"],
            destination,
            self._now_ms(),
            req.get("roleArn", ""),
            req.get("distribution", "ByLogStream"),
            req.get("applyOnTransformedLogs", False),
        )
        await check_function(self._kit, group, destination)

        def work(tx: Tx) -> None:
            others = [one for one in SUBSCRIPTIONS.find(tx, prefix=(group.id,)) if one.name != added.name]
            if len(others) >= MAX_SUBSCRIPTION_FILTERS:
                raise AwsError("LimitExceededException", "Resource limit exceeded.")
            SUBSCRIPTIONS.put(tx, added)

        await self._store.write(work)
        return {}

    @operation(group_resource)
    async def delete_subscription_filter(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        if not await self._store.write(lambda tx: SUBSCRIPTIONS.delete(tx, group.id, req["filterName"])):
            raise AwsError("ResourceNotFoundException", "The specified subscription filter does not exist.")
        return {}

    @operation(group_resource)
    async def describe_subscription_filters(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        if group.log_class != "STANDARD":
            raise AwsError("ValidationException", "This operation is only supported on the Standard log class.")
        prefix = req.get("filterNamePrefix", "")
        shown, token = paging.page(
            [one for one in self._store.subscriptions(group) if one.name.startswith(prefix)],
            req.get("limit", DEFAULT_PAGE),
            req.get("nextToken"),
            key=lambda one: one.name,
            error="InvalidParameterException",
        )
        return {"subscriptionFilters": [_described(group, one) for one in shown], "nextToken": token}


async def check_function(kit: Kit, group: LogGroup, destination: str) -> None:
    """A subscription's destination must be a function that may be called for the group."""
    if destination.split(":")[2:3] != ["lambda"]:
        raise Refused(f"Trunkline's subscription filters deliver to Lambda functions, not to {destination}.")
    try:
        await call_function(kit, group, destination, b"", "DryRun")
    except AwsError as error:
        raise AwsError(
            "InvalidParameterException",
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute"
            " your function.",
        ) from error


def _described(group: LogGroup, one: SubscriptionFilter) -> Doc:
    return {
        "filterName": one.name,
        "logGroupName": group.name,
        "filterPattern": one.pattern,
        "destinationArn": one.destination,
        "roleArn": one.role_arn or None,
        "distribution": one.distribution,
        "applyOnTransformedLogs": one.on_transformed,
        "creationTime": one.created_ms,
    }
