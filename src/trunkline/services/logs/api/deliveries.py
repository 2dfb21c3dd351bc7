"""Vended logs: what another service's logs come from, where they go, and the deliveries between the two.

Destinations are kept. None of Trunkline's services hands its logs over in this way, so there are no sources and no
deliveries: a source is refused by the name of its service.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
"""

from __future__ import annotations

from trunkline.aws import arn as arns
from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context
from trunkline.services.logs.model import DeliveryDestination
from trunkline.services.logs.store import DELIVERY_DESTINATIONS

_RESOURCE = "arn:aws:logs:{region}:{account}:delivery-destination:{name}"
_POLICY_OF = "arn:aws:logs:{region}:{account}:delivery-destination:{deliveryDestinationName}"
# Services that AWS lets one name as sources.
_SOURCES = frozenset(
    {
        "bedrock",
        "bedrock-agentcore",
        "cloudfront",
        "codewhisperer",
        "cognito-idp",
        "eks",
        "events",
        "ivs",
        "kafkaconnect",
    }
    | {"mediapackagev2", "mediatailor", "network-firewall", "pcs", "pipes", "qbusiness", "q", "quicksight"}
    | {"route53", "ses", "sso", "states", "vpc-lattice", "workmail", "elasticloadbalancing", "elasticache", "wafv2"}
)


class Deliveries(Context):
    # -- sources

    @operation()
    async def put_delivery_source(self, call: Call, req: Doc) -> Doc:
        source = _parsed(req["resourceArn"], "resourceArn")
        if source.service not in _SOURCES:
            raise AwsError("ResourceNotFoundException", f"Cannot access provided service: {source.service}")
        _check_place(call, source, "resourceArn")
        raise Refused(f"Trunkline's {source.service} hands over no logs: it cannot be the source of a delivery.")

    @operation()
    async def get_delivery_source(self, call: Call, req: Doc) -> Doc:
        raise _missing("delivery source", req["name"])

    @operation()
    async def delete_delivery_source(self, call: Call, req: Doc) -> Doc:
        raise _missing("delivery source", req["name"])

    @operation()
    async def describe_delivery_sources(self, call: Call, req: Doc) -> Doc:
        return {"deliverySources": []}

    @operation()
    async def describe_configuration_templates(self, call: Call, req: Doc) -> Doc:
        return {"configurationTemplates": []}

    # -- deliveries

    @operation()
    async def create_delivery(self, call: Call, req: Doc) -> Doc:
        destination = _parsed(req["deliveryDestinationArn"], "deliveryDestinationArn")
        kind, _, name = destination.resource.partition(":")
        if destination.service != "logs" or kind != "delivery-destination" or destination.region != call.region:
            raise _invalid(f"The deliveryDestinationArn {req['deliveryDestinationArn']} is not valid.")
        if destination.account != call.account:
            raise AwsError("AccessDeniedException", "The delivery destination belongs to another account.")
        self._delivery_destination(call, name)
        raise _missing("delivery source", req["deliverySourceName"])

    @operation()
    async def update_delivery_configuration(self, call: Call, req: Doc) -> Doc:
        raise _missing("delivery", req["id"])

    @operation()
    async def get_delivery(self, call: Call, req: Doc) -> Doc:
        raise _missing("delivery", req["id"])

    @operation()
    async def delete_delivery(self, call: Call, req: Doc) -> Doc:
        raise _missing("delivery", req["id"])

    @operation()
    async def describe_deliveries(self, call: Call, req: Doc) -> Doc:
        return {"deliveries": []}

    # -- destinations

    @operation(_RESOURCE)
    async def put_delivery_destination(self, call: Call, req: Doc) -> Doc:
        target = req.get("deliveryDestinationConfiguration", {}).get("destinationResourceArn")
        if target is None:
            raise Refused("Trunkline delivers to buckets and log groups only: give a destinationResourceArn.")
        kind = _kind(call, target)
        if req.get("deliveryDestinationType", kind) != kind:
            raise _invalid("The deliveryDestinationType is not that of the destinationResourceArn.")
        given = tags.normalise(req.get("tags"), error="ValidationException")
        before = DELIVERY_DESTINATIONS.get(self._store.db, call.account, call.region, req["name"])
        if before is not None and "outputFormat" in req and req["outputFormat"] != before.output_format:
            raise _invalid("Update to existing Delivery Destination with new Output Format is not allowed.")
        made = DeliveryDestination(
            call.account,
            call.region,
            req["name"],
            kind,
            target,
            before.output_format if before else req.get("outputFormat"),
            before.policy if before else None,
            given or (before.tags if before else {}),
        )
        await self._store.write(lambda tx: DELIVERY_DESTINATIONS.put(tx, made))
        return {"deliveryDestination": _described(made)}

    @operation(_RESOURCE)
    async def get_delivery_destination(self, call: Call, req: Doc) -> Doc:
        return {"deliveryDestination": _described(self._delivery_destination(call, req["name"]))}

    @operation(_RESOURCE)
    async def delete_delivery_destination(self, call: Call, req: Doc) -> Doc:
        found = self._delivery_destination(call, req["name"])
        await self._store.write(lambda tx: DELIVERY_DESTINATIONS.delete(tx, call.account, call.region, found.name))
        return {}

    @operation()
    async def describe_delivery_destinations(self, call: Call, req: Doc) -> Doc:
        shown, token = paging.page(
            DELIVERY_DESTINATIONS.find(self._store.db, prefix=(call.account, call.region)),
            req.get("limit", DEFAULT_PAGE),
            req.get("nextToken"),
            key=lambda one: one.name,
            error="ValidationException",
        )
        return {"deliveryDestinations": [_described(one) for one in shown], "nextToken": token}

    @operation(_POLICY_OF)
    async def put_delivery_destination_policy(self, call: Call, req: Doc) -> Doc:
        found, text = self._delivery_destination(call, req["deliveryDestinationName"]), req["deliveryDestinationPolicy"]
        try:
            parse(text, "resource")
        except PolicyError as error:
            raise _invalid(f"Invalid policy document: {error}") from None
        found.policy = text
        await self._store.write(lambda tx: DELIVERY_DESTINATIONS.put(tx, found))
        return {"policy": {"deliveryDestinationPolicy": text}}

    @operation(_POLICY_OF)
    async def get_delivery_destination_policy(self, call: Call, req: Doc) -> Doc:
        found = self._delivery_destination(call, req["deliveryDestinationName"])
        if found.policy is None:
            raise _missing("policy of the delivery destination", found.name)
        return {"policy": {"deliveryDestinationPolicy": found.policy}}

    @operation(_POLICY_OF)
    async def delete_delivery_destination_policy(self, call: Call, req: Doc) -> Doc:
        found = self._delivery_destination(call, req["deliveryDestinationName"])
        if found.policy is None:
            raise _missing("policy of the delivery destination", found.name)
        found.policy = None
        await self._store.write(lambda tx: DELIVERY_DESTINATIONS.put(tx, found))
        return {}

    def _delivery_destination(self, call: Call, name: str) -> DeliveryDestination:
        found = DELIVERY_DESTINATIONS.get(self._store.db, call.account, call.region, name)
        if found is None:
            raise _missing("delivery destination", name)
        return found


def _kind(call: Call, target: str) -> str:
    """S3 or CWL, told from the ARN."""
    parsed = _parsed(target, "destinationResourceArn")
    if parsed.service == "firehose":
        raise Refused("Trunkline has no Firehose: deliver to a bucket or to a log group.")
    if parsed.service == "s3" and not parsed.region and not parsed.account:
        return "S3"
    if parsed.service == "logs" and parsed.resource.startswith("log-group:"):
        _check_place(call, parsed, "destinationResourceArn")
        return "CWL"
    raise _invalid(f"The destinationResourceArn {target} is not valid.")


def _parsed(text: str, member: str) -> arns.Arn:
    try:
        return arns.parse(text)
    except ValueError:
        raise _invalid(f"The {member} {text} is not a valid ARN.") from None


def _check_place(call: Call, parsed: arns.Arn, member: str) -> None:
    if parsed.region not in ("", call.region) or parsed.account not in ("", call.account):
        raise _invalid(f"The {member} must be in this account and Region.")


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _missing(what: str, name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"The {what} {name} does not exist.")


def _described(one: DeliveryDestination) -> Doc:
    return {
        "name": one.name,
        "arn": one.arn,
        "deliveryDestinationType": one.kind,
        "outputFormat": one.output_format,
        "deliveryDestinationConfiguration": {"destinationResourceArn": one.target},
        "tags": one.tags or None,
    }
