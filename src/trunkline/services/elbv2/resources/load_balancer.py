"""AWS::ElasticLoadBalancingV2::LoadBalancer. Ref gives its ARN."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import differs, given, is_mine, pairs, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.elbv2.model import LOAD_BALANCER_ATTRIBUTES as _KNOWN
from trunkline.services.elbv2.resources import attributes

_GONE = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")
_AT_CREATION = ("Type", "Scheme", "Subnets", "SubnetMappings", "SecurityGroups", "IpAddressType")


class LoadBalancerType(ResourceType):
    """A load balancer. Elastic and private addresses of subnet mappings are recorded: it answers on a loopback address.
    So are attributes that have no effect here."""

    name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    honoured: ClassVar[frozenset[str]] = frozenset({*_AT_CREATION, "LoadBalancerAttributes", "Name", "Tags"})
    recorded: ClassVar[frozenset[str]] = frozenset(
        {
            "EnableCapacityReservationProvisionStabilize",
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
            "MinimumLoadBalancerCapacity",
        }
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = wanted.get("Name") or on.name(32)
        arn = await self._made_before(on, name)
        if arn is None:
            tags = pairs(on.tags(wanted.get("Tags")))
            request = {**{member: wanted.get(member) for member in _AT_CREATION}, **_subnets(wanted)}
            answer = await on.call("elbv2", "CreateLoadBalancer", Name=name, Tags=tags or None, **request)
            arn = str(answer["LoadBalancers"][0]["LoadBalancerArn"])
        async with undone(self, on, arn):
            given_attributes = attributes.split(_KNOWN, wanted.get("LoadBalancerAttributes"))[0]
            if given_attributes:
                await on.call("elbv2", "ModifyLoadBalancerAttributes", LoadBalancerArn=arn, Attributes=given_attributes)
        return arn

    async def _made_before(self, on: Provision, name: str) -> str | None:
        answer = await on.look("elbv2", "DescribeLoadBalancers", *_GONE, Names=[name])
        if answer is None or not answer["LoadBalancers"]:
            return None
        arn = str(answer["LoadBalancers"][0]["LoadBalancerArn"])
        if is_mine(on, await attributes.tags_of(on, arn)):
            return arn
        raise AwsError("DuplicateLoadBalancerName", f"A load balancer with the same name '{name}' exists")

    async def _found(self, on: Provision, arn: str) -> Doc | None:
        answer = await on.look("elbv2", "DescribeLoadBalancers", *_GONE, LoadBalancerArns=[arn])
        return answer and next(iter(answer["LoadBalancers"]), None)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        subnets = [zone["SubnetId"] for zone in found["AvailabilityZones"]]
        answer = await on.call("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=physical_id)
        mappings = {one.get("SubnetId"): one for one in on.kept.get("SubnetMappings") or ()}
        return given(
            LoadBalancerArn=physical_id,
            LoadBalancerName=found["LoadBalancerName"],
            LoadBalancerFullName=physical_id.partition(":loadbalancer/")[2],
            Name=found["LoadBalancerName"],
            DNSName=found["DNSName"],
            CanonicalHostedZoneID=found["CanonicalHostedZoneId"],
            Type=found["Type"],
            Scheme=found["Scheme"],
            IpAddressType=found["IpAddressType"],
            SecurityGroups=found.get("SecurityGroups"),
            Subnets=subnets,
            SubnetMappings=[mappings.get(subnet, {"SubnetId": subnet}) for subnet in subnets],
            LoadBalancerAttributes=attributes.shown(
                _KNOWN, on.kept.get("LoadBalancerAttributes"), answer["Attributes"]
            ),
            Tags=await attributes.shown_tags(on, physical_id),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        arn = {"LoadBalancerArn": physical_id}
        if differs(old, new, "Subnets", "SubnetMappings"):
            await on.call("elbv2", "SetSubnets", **_subnets(new), **arn)
        if differs(old, new, "SecurityGroups") and new.get("SecurityGroups"):
            await on.call("elbv2", "SetSecurityGroups", SecurityGroups=new["SecurityGroups"], **arn)
        if differs(old, new, "LoadBalancerAttributes"):
            wanted = attributes.changed(_KNOWN, old.get("LoadBalancerAttributes"), new.get("LoadBalancerAttributes"))
            if wanted:
                await on.call("elbv2", "ModifyLoadBalancerAttributes", Attributes=wanted, **arn)
        await attributes.tagged(on, physical_id, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("elbv2", "DeleteLoadBalancer", *_GONE, LoadBalancerArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("elbv2", "DescribeLoadBalancers", "LoadBalancers")
        return [one["LoadBalancerArn"] for one in found]


def _subnets(properties: Doc) -> Doc:
    mappings = properties.get("SubnetMappings")
    if mappings:
        return {"Subnets": None, "SubnetMappings": [{"SubnetId": one["SubnetId"]} for one in mappings]}
    return {"Subnets": properties.get("Subnets"), "SubnetMappings": None}
