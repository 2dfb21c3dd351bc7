"""Namespaces, and the operations that made and changed things."""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.services.servicediscovery import store
from trunkline.services.servicediscovery.api.context import Context, moment, page, passes
from trunkline.services.servicediscovery.model import HTTP, PRIVATE, PUBLIC, Namespace, Operation, Registry, invalid


class NamespaceOperations(Context):
    """Operations on namespaces."""

    @operation()
    async def create_http_namespace(self, call: Call, req: Doc) -> Doc:
        return await self._create(call, req, HTTP)

    @operation()
    async def create_private_dns_namespace(self, call: Call, req: Doc) -> Doc:
        as_ = Caller.service("servicediscovery.amazonaws.com", call.account, call.region)
        try:
            await self._kit.call("ec2", "DescribeVpcs", {"VpcIds": [req["Vpc"]]}, as_=as_)
        except AwsError as error:
            raise invalid(f"The VPC {req['Vpc']} does not exist.") from error
        return await self._create(call, req, PRIVATE)

    @operation()
    async def create_public_dns_namespace(self, call: Call, req: Doc) -> Doc:
        return await self._create(call, req, PUBLIC)

    async def _create(self, call: Call, req: Doc, kind: str) -> Doc:
        made = Namespace(
            call.account,
            call.region,
            f"ns-{ids.alnum(16)}",
            req["Name"].rstrip("."),
            kind,
            self._now(),
            req.get("Vpc", ""),
            "" if kind == HTTP else f"Z{ids.alnum(20, lower=False).upper()}",
            req.get("Description", ""),
            req.get("CreatorRequestId", ""),
            tags=tags.normalise(req.get("Tags"), error="InvalidInput", too_many="TooManyTagsException"),
        )
        made.ttl_s = _ttl(req.get("Properties"), made.ttl_s)

        def create(tx: Tx) -> dict[str, str]:
            for one in store.NAMESPACES.find(tx, prefix=(call.account, call.region)):
                if one.creator and one.creator == made.creator and one.name == made.name:
                    return {"NAMESPACE": one.id}
                if (
                    one.name.lower() == made.name.lower()
                    and (kind == HTTP) == (one.kind == HTTP)
                    and one.vpc == made.vpc
                ):
                    raise AwsError(
                        "NamespaceAlreadyExists",
                        f"Namespace with name {made.name} already exists.",
                        CreatorRequestId=one.creator,
                        NamespaceId=one.id,
                    )
            store.NAMESPACES.insert(tx, made)
            return {"NAMESPACE": made.id}

        return await self._done(call, "CREATE_NAMESPACE", create)

    @operation("{Id}")
    async def update_http_namespace(self, call: Call, req: Doc) -> Doc:
        return await self._update(call, req)

    @operation("{Id}")
    async def update_private_dns_namespace(self, call: Call, req: Doc) -> Doc:
        return await self._update(call, req)

    @operation("{Id}")
    async def update_public_dns_namespace(self, call: Call, req: Doc) -> Doc:
        return await self._update(call, req)

    async def _update(self, call: Call, req: Doc) -> Doc:
        def update(tx: Tx) -> dict[str, str]:
            found = store.namespace(tx, call, req["Id"])
            change = req["Namespace"]
            found.description = change.get("Description", found.description)
            found.ttl_s = _ttl(change.get("Properties"), found.ttl_s)
            store.NAMESPACES.put(tx, found)
            return {"NAMESPACE": found.id}

        return await self._done(call, "UPDATE_NAMESPACE", update)

    @operation("{Id}")
    async def delete_namespace(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> dict[str, str]:
            found = store.namespace(tx, call, req["Id"])
            if store.registries(tx, found):
                raise AwsError("ResourceInUse", "The namespace can't be deleted: it still contains services.")
            store.NAMESPACES.delete(tx, found.account, found.region, found.id)
            return {"NAMESPACE": found.id}

        return await self._done(call, "DELETE_NAMESPACE", delete)

    @operation("{Id}")
    async def get_namespace(self, call: Call, req: Doc) -> Doc:
        found = store.namespace(self._db, call, req["Id"])
        return {"Namespace": {**self._space(found), "CreatorRequestId": found.creator or None}}

    @operation()
    async def list_namespaces(self, call: Call, req: Doc) -> Doc:
        found = [
            one
            for one in store.NAMESPACES.find(self._db, prefix=(call.account, call.region))
            if passes(req.get("Filters", []), {"TYPE": one.kind, "NAME": one.name, "HTTP_NAME": one.name})
        ]
        shown, token = page(found, req, lambda one: one.id)
        return {"Namespaces": [self._space(one) for one in shown], "NextToken": token}

    def _space(self, one: Namespace) -> Doc:
        dns = {"HostedZoneId": one.zone, "SOA": {"TTL": one.ttl_s}} if one.kind != HTTP else None
        return {
            "Id": one.id,
            "Arn": one.arn,
            "ResourceOwner": one.account,
            "Name": one.name,
            "Type": one.kind,
            "Description": one.description or None,
            "ServiceCount": len(store.registries(self._db, one)),
            "Properties": {"DnsProperties": dns, "HttpProperties": {"HttpName": one.name}},
            "CreateDate": moment(one.created),
        }

    @operation()
    async def get_operation(self, call: Call, req: Doc) -> Doc:
        found = store.OPERATIONS.get(self._db, call.account, call.region, req["OperationId"])
        if found is None:
            raise AwsError("OperationNotFound", f"Operation not found: {req['OperationId']}")
        when = moment(found.created)
        return {
            "Operation": {
                "Id": found.id,
                "OwnerAccount": found.account,
                "Type": found.kind,
                "Status": found.status,
                "CreateDate": when,
                "UpdateDate": when,
                "Targets": found.targets,
            }
        }

    @operation()
    async def list_operations(self, call: Call, req: Doc) -> Doc:
        def values(one: Operation) -> dict[str, str]:
            return {
                "NAMESPACE_ID": one.targets.get("NAMESPACE", ""),
                "SERVICE_ID": one.targets.get("SERVICE", ""),
                "STATUS": one.status,
                "TYPE": one.kind,
                "UPDATE_DATE": f"{one.created:.3f}",
            }

        found = store.OPERATIONS.find(self._db, prefix=(call.account, call.region))
        chosen = [one for one in found if passes(req.get("Filters", []), values(one))]
        shown, token = page(chosen, req, lambda one: f"{one.created:020.6f}{one.id}")
        return {"Operations": [{"Id": one.id, "Status": one.status} for one in shown], "NextToken": token}

    @operation("{ResourceARN}")
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="InvalidInput", too_many="TooManyTagsException")

        def change(tx: Tx) -> None:
            found = _tagged(tx, call, req["ResourceARN"])
            found.tags = tags.merge(found.tags, given, too_many="TooManyTagsException")
            _put(tx, found)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def change(tx: Tx) -> None:
            found = _tagged(tx, call, req["ResourceARN"])
            found.tags = {key: value for key, value in found.tags.items() if key not in req["TagKeys"]}
            _put(tx, found)

        await self._db.write(change)
        return {}

    @operation("{ResourceARN}")
    async def list_tags_for_resource(self, call: Call, req: Doc) -> Doc:
        return {"Tags": tags.pairs(_tagged(self._db, call, req["ResourceARN"]).tags)}


def _ttl(properties: Doc | None, usual: int) -> int:
    return int((properties or {}).get("DnsProperties", {}).get("SOA", {}).get("TTL", usual))


def _tagged(reader: Reader, call: Call, arn: str) -> Namespace | Registry:
    found: Namespace | Registry | None = None
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "namespace":
        found = store.NAMESPACES.get(reader, call.account, call.region, name)
    elif kind == "service":
        found = store.REGISTRIES.get(reader, call.account, call.region, name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Resource not found: {arn}")
    return found


def _put(tx: Tx, found: Namespace | Registry) -> None:
    if isinstance(found, Namespace):
        store.NAMESPACES.put(tx, found)
    else:
        store.REGISTRIES.put(tx, found)
