"""CloudFormation's view of Cloud Map: namespaces, services and instances.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ServiceDiscovery.html
"""

from trunkline.aws import tags
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_MAP = "servicediscovery"
_NO_SPACE = ("NamespaceNotFound",)
_NO_SERVICE = ("ServiceNotFound",)
_NO_INSTANCE = ("InstanceNotFound", "ServiceNotFound")


class _Namespace(ResourceType):
    """What the kinds share. `kind` is Cloud Map's word, `noun` stands in the names of the operations."""

    kind: str
    noun: str

    async def create(self, on: Provision, wanted: Doc) -> str:
        given = {key: wanted[key] for key in ("Description", "Properties", "Vpc") if key in wanted}
        answer = await on.call(
            _MAP,
            f"Create{self.noun}Namespace",
            Name=wanted["Name"],
            CreatorRequestId=on.token,
            Tags=tags.pairs(on.tags(wanted.get("Tags"))),
            **given,
        )
        operation = (await on.call(_MAP, "GetOperation", OperationId=answer["OperationId"]))["Operation"]
        return str(operation["Targets"]["NAMESPACE"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look(_MAP, "GetNamespace", *_NO_SPACE, Id=physical_id)
        if found is None:
            return None
        space = found["Namespace"]
        dns = space["Properties"].get("DnsProperties")
        read = {
            "Id": space["Id"],
            "Arn": space["Arn"],
            "Name": space["Name"],
            "Description": space.get("Description"),
            "Tags": tags.pairs(tags.own(await _tags(on, space["Arn"]))),
        }
        if dns:
            read |= {
                "HostedZoneId": dns["HostedZoneId"],
                "Properties": {"DnsProperties": {"SOA": dns["SOA"]}},
                "Vpc": on.kept.get("Vpc"),
            }
        return {key: value for key, value in read.items() if value is not None}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        change: Doc = {}
        if old.get("Description") != new.get("Description"):
            change["Description"] = new.get("Description", "")
        if old.get("Properties") != new.get("Properties"):
            usual = {"DnsProperties": {"SOA": {"TTL": 15}}}
            change["Properties"] = new.get("Properties", usual)
        if change:
            change.setdefault("Description", new.get("Description", ""))
            await on.call(_MAP, f"Update{self.noun}Namespace", Id=physical_id, Namespace=change)
        space = (await on.call(_MAP, "GetNamespace", Id=physical_id))["Namespace"]
        await _retag(on, space["Arn"], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look(_MAP, "DeleteNamespace", *_NO_SPACE, Id=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages(_MAP, "ListNamespaces", "Namespaces")
        return [one["Id"] for one in found if one["Type"] == self.kind]


class HttpNamespace(_Namespace):
    name = "AWS::ServiceDiscovery::HttpNamespace"
    kind, noun = "HTTP", "Http"
    honoured = frozenset({"Description", "Name", "Tags"})


class PrivateDnsNamespace(_Namespace):
    name = "AWS::ServiceDiscovery::PrivateDnsNamespace"
    kind, noun = "DNS_PRIVATE", "PrivateDns"
    honoured = frozenset({"Description", "Name", "Properties", "Tags", "Vpc"})


class PublicDnsNamespace(_Namespace):
    """Nobody outside is told of its names: there is no public name server."""

    name = "AWS::ServiceDiscovery::PublicDnsNamespace"
    kind, noun = "DNS_PUBLIC", "PublicDns"
    honoured = frozenset({"Description", "Name", "Properties", "Tags"})


class Service(ResourceType):
    name = "AWS::ServiceDiscovery::Service"
    honoured = frozenset(
        {
            "Description",
            "DnsConfig",
            "HealthCheckCustomConfig",
            "Name",
            "NamespaceId",
            "ServiceAttributes",
            "Tags",
            "Type",
        }
    )
    recorded = frozenset({"HealthCheckConfig"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        members = (
            "Description",
            "DnsConfig",
            "HealthCheckConfig",
            "HealthCheckCustomConfig",
            "NamespaceId",
            "Type",
        )
        answer = await on.call(
            _MAP,
            "CreateService",
            Name=wanted.get("Name") or on.name(64),
            CreatorRequestId=on.token,
            Tags=tags.pairs(on.tags(wanted.get("Tags"))),
            **{key: wanted[key] for key in members if key in wanted},
        )
        service = str(answer["Service"]["Id"])
        if wanted.get("ServiceAttributes"):
            given = wanted["ServiceAttributes"]
            await on.call(_MAP, "UpdateServiceAttributes", ServiceId=service, Attributes=given)
        return service

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look(_MAP, "GetService", *_NO_SERVICE, Id=physical_id)
        if found is None:
            return None
        service = found["Service"]
        attributes = await on.call(_MAP, "GetServiceAttributes", ServiceId=physical_id)
        read = {
            "Id": service["Id"],
            "Arn": service["Arn"],
            "Name": service["Name"],
            "NamespaceId": service["NamespaceId"],
            "Description": service.get("Description"),
            "DnsConfig": service.get("DnsConfig"),
            "HealthCheckCustomConfig": service.get("HealthCheckCustomConfig"),
            "ServiceAttributes": attributes["ServiceAttributes"].get("Attributes") or None,
            "Type": service["Type"] if service["Type"] == "HTTP" else None,
            "Tags": tags.pairs(tags.own(await _tags(on, service["Arn"]))),
        }
        return {key: value for key, value in read.items() if value is not None}

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        change: Doc = {}
        if old.get("Description") != new.get("Description"):
            change["Description"] = new.get("Description", "")
        if "DnsConfig" in new and old.get("DnsConfig") != new["DnsConfig"]:
            change["DnsConfig"] = {"DnsRecords": new["DnsConfig"]["DnsRecords"]}
        if "HealthCheckConfig" in new and old.get("HealthCheckConfig") != new["HealthCheckConfig"]:
            change["HealthCheckConfig"] = new["HealthCheckConfig"]
        if change:
            await on.call(_MAP, "UpdateService", Id=physical_id, Service=change)
        before, after = old.get("ServiceAttributes", {}), new.get("ServiceAttributes", {})
        if before != after:
            gone = [key for key in before if key not in after]
            if gone:
                await on.call(_MAP, "DeleteServiceAttributes", ServiceId=physical_id, Attributes=gone)
            if after:
                await on.call(_MAP, "UpdateServiceAttributes", ServiceId=physical_id, Attributes=after)
        service = (await on.call(_MAP, "GetService", Id=physical_id))["Service"]
        await _retag(on, service["Arn"], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look(_MAP, "DeleteService", *_NO_SERVICE, Id=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["Id"] for one in await on.pages(_MAP, "ListServices", "Services")]

    def replaces(self, old: Doc, new: Doc) -> bool:
        def fixed(wanted: Doc) -> tuple[object, object]:
            dns = wanted.get("DnsConfig", {})
            return dns.get("RoutingPolicy", "MULTIVALUE"), wanted.get("NamespaceId") or dns.get("NamespaceId")

        return fixed(old) != fixed(new)


class Instance(ResourceType):
    name = "AWS::ServiceDiscovery::Instance"
    honoured = frozenset({"InstanceAttributes", "InstanceId", "ServiceId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        instance = str(wanted.get("InstanceId") or on.name(64))
        await self._register(on, instance, wanted)
        return instance

    async def _register(self, on: Provision, instance: str, wanted: Doc) -> None:
        attributes = {key: str(value) for key, value in wanted["InstanceAttributes"].items()}
        await on.call(
            _MAP, "RegisterInstance", ServiceId=wanted["ServiceId"], InstanceId=instance, Attributes=attributes
        )

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        service, instance = _place(on, physical_id)
        found = await on.look(_MAP, "GetInstance", *_NO_INSTANCE, ServiceId=service, InstanceId=instance)
        if found is None:
            return None
        return {
            "ServiceId": service,
            "InstanceId": instance,
            "InstanceAttributes": found["Instance"]["Attributes"],
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._register(on, _place(on, physical_id)[1], new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        service, instance = _place(on, physical_id)
        await on.look(_MAP, "DeregisterInstance", *_NO_INSTANCE, ServiceId=service, InstanceId=instance)


def _place(on: Provision, physical_id: str) -> tuple[str, str]:
    """Service and instance: Ref gives the instance alone, an import `service|instance`."""
    service, bar, instance = physical_id.partition("|")
    return (service, instance) if bar else (str(on.kept.get("ServiceId", "")), physical_id)


async def _tags(on: Provision, arn: str) -> dict[str, str]:
    answer = await on.call(_MAP, "ListTagsForResource", ResourceARN=arn)
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


async def _retag(on: Provision, arn: str, new: Doc) -> None:
    put, drop = on.tag_changes(await _tags(on, arn), new.get("Tags"))
    if put:
        await on.call(_MAP, "TagResource", ResourceARN=arn, Tags=tags.pairs(put))
    if drop:
        await on.call(_MAP, "UntagResource", ResourceARN=arn, TagKeys=drop)


TYPES: tuple[ResourceType, ...] = (
    HttpNamespace(),
    PrivateDnsNamespace(),
    PublicDnsNamespace(),
    Service(),
    Instance(),
)
