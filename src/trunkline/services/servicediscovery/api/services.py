"""Services of namespaces and their attributes."""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.servicediscovery import store
from trunkline.services.servicediscovery.api.context import Context, moment, page, passes
from trunkline.services.servicediscovery.model import HTTP, PUBLIC, Registry, invalid

_MOST_ATTRIBUTES = 30


class ServiceOperations(Context):
    """Operations on services."""

    @operation()
    async def create_service(self, call: Call, req: Doc) -> Doc:
        dns = dict(req.get("DnsConfig", {}))
        space_id = dns.pop("NamespaceId", None) or req.get("NamespaceId")
        if not space_id:
            raise invalid("NamespaceId is required.")
        given = tags.normalise(req.get("Tags"), error="InvalidInput", too_many="TooManyTagsException")

        def create(tx: Tx) -> Registry:
            space = store.namespace(tx, call, space_id)
            http = space.kind == HTTP or req.get("Type") == "HTTP"
            if http and dns:
                raise invalid("DnsConfig cannot be given for a service that is found by API calls only.")
            if not http and not dns:
                raise invalid("DnsConfig is required for a service in a DNS namespace.")
            if "HealthCheckConfig" in req and space.kind != PUBLIC:
                raise invalid("HealthCheckConfig is for public DNS namespaces: use HealthCheckCustomConfig.")
            if "HealthCheckConfig" in req and "HealthCheckCustomConfig" in req:
                raise invalid("HealthCheckConfig and HealthCheckCustomConfig are mutually exclusive.")
            if dns and "CNAME" in {one["Type"] for one in dns["DnsRecords"]} and dns.get("RoutingPolicy") != "WEIGHTED":
                raise invalid("CNAME records need the routing policy WEIGHTED.")
            for one in store.registries(tx, space):
                if one.creator and one.creator == req.get("CreatorRequestId") and one.name == req["Name"]:
                    return one
                if one.name.lower() == req["Name"].lower():
                    raise AwsError(
                        "ServiceAlreadyExists",
                        f"Service with name {req['Name']} already exists in the namespace.",
                        CreatorRequestId=one.creator,
                        ServiceId=one.id,
                        ServiceArn=one.arn,
                    )
            made = Registry(
                call.account,
                call.region,
                f"srv-{ids.alnum(16)}",
                req["Name"],
                space.id,
                HTTP if http else "DNS_HTTP",
                self._now(),
                req.get("Description", ""),
                req.get("CreatorRequestId", ""),
                {"RoutingPolicy": "MULTIVALUE", **dns} if dns else {},
                req.get("HealthCheckConfig", {}),
                {"FailureThreshold": 1} if "HealthCheckCustomConfig" in req else None,
                tags=given,
            )
            store.REGISTRIES.insert(tx, made)
            return made

        return {"Service": self._shown(await self._db.write(create))}

    @operation("{Id}")
    async def update_service(self, call: Call, req: Doc) -> Doc:
        change = req["Service"]

        def update(tx: Tx) -> dict[str, str]:
            found = store.registry(tx, call, req["Id"])
            found.description = change.get("Description", found.description)
            if "DnsConfig" in change:
                if not found.dns:
                    raise invalid("The service has no DNS records to change.")
                found.dns = {**found.dns, "DnsRecords": change["DnsConfig"]["DnsRecords"]}
            found.check = change.get("HealthCheckConfig", found.check)
            store.REGISTRIES.put(tx, found)
            return {"SERVICE": found.id}

        return await self._done(call, "UPDATE_SERVICE", update)

    @operation("{Id}")
    async def delete_service(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            found = store.registry(tx, call, req["Id"])
            if store.instances(tx, found):
                raise AwsError("ResourceInUse", "The service can't be deleted: it still has registered instances.")
            store.REGISTRIES.delete(tx, found.account, found.region, found.id)

        await self._db.write(delete)
        return {}

    @operation("{Id}")
    async def get_service(self, call: Call, req: Doc) -> Doc:
        return {"Service": self._shown(store.registry(self._db, call, req["Id"]))}

    @operation()
    async def list_services(self, call: Call, req: Doc) -> Doc:
        found = [
            one
            for one in store.REGISTRIES.find(self._db, prefix=(call.account, call.region))
            if passes(req.get("Filters", []), {"NAMESPACE_ID": one.namespace, "RESOURCE_OWNER": "SELF"})
        ]
        shown, token = page(found, req, lambda one: one.id)
        hidden = ("NamespaceId", "CreatorRequestId")
        services = [{key: value for key, value in self._shown(one).items() if key not in hidden} for one in shown]
        return {"Services": services, "NextToken": token}

    def _shown(self, one: Registry) -> Doc:
        return {
            "Id": one.id,
            "Arn": one.arn,
            "ResourceOwner": one.account,
            "Name": one.name,
            "NamespaceId": one.namespace,
            "Description": one.description or None,
            "InstanceCount": len(store.instances(self._db, one)),
            "DnsConfig": {"NamespaceId": one.namespace, **one.dns} if one.dns else None,
            "Type": one.kind,
            "HealthCheckConfig": one.check or None,
            "HealthCheckCustomConfig": one.custom_check,
            "CreateDate": moment(one.created),
            "CreatorRequestId": one.creator or None,
        }

    @operation("{ServiceId}")
    async def get_service_attributes(self, call: Call, req: Doc) -> Doc:
        found = store.registry(self._db, call, req["ServiceId"])
        attributes = {"ServiceArn": found.arn, "ResourceOwner": found.account, "Attributes": found.attributes}
        return {"ServiceAttributes": attributes}

    @operation("{ServiceId}")
    async def update_service_attributes(self, call: Call, req: Doc) -> Doc:
        def update(tx: Tx) -> None:
            found = store.registry(tx, call, req["ServiceId"])
            found.attributes = {**found.attributes, **req["Attributes"]}
            if len(found.attributes) > _MOST_ATTRIBUTES:
                raise AwsError(
                    "ServiceAttributesLimitExceededException",
                    f"A service has at most {_MOST_ATTRIBUTES} attributes.",
                )
            store.REGISTRIES.put(tx, found)

        await self._db.write(update)
        return {}

    @operation("{ServiceId}")
    async def delete_service_attributes(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            found = store.registry(tx, call, req["ServiceId"])
            found.attributes = {key: value for key, value in found.attributes.items() if key not in req["Attributes"]}
            store.REGISTRIES.put(tx, found)

        await self._db.write(delete)
        return {}
