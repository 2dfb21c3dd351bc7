"""Load balancers: create, describe, delete, subnets, security groups, attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.elbv2 import addresses, described, store
from trunkline.services.elbv2.api.context import Context, all_attributes, attributes, check_arn, check_name, mine
from trunkline.services.elbv2.api.tagging import new_tags
from trunkline.services.elbv2.errors import invalid, no_load_balancer
from trunkline.services.elbv2.model import LOAD_BALANCER_ATTRIBUTES, LoadBalancer

_ALIKE = ("scheme", "vpc", "zones", "security_groups", "tags", "kind")


class LoadBalancers(Context):
    @operation("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/*/{Name}/*")
    async def create_load_balancer(self, call: Call, req: Doc) -> Doc:
        name = req["Name"]
        check_name(name, "load balancer")
        _refuse(req)
        vpc, zones = await self._zones(call, req)
        identifier = ids.hex_id(16)
        kind = req.get("Type", "application")
        path = "net" if kind == "network" else "app"
        groups = req.get("SecurityGroups") or []
        item = LoadBalancer(
            call.account,
            call.region,
            name,
            call.arn(f"loadbalancer/{path}/{name}/{identifier}", service="elasticloadbalancing"),
            identifier,
            address="",  # given below
            scheme=req.get("Scheme", "internet-facing"),
            vpc=vpc,
            zones=zones,
            # A network load balancer has security groups only when it is given some.
            security_groups=await self._security_groups(call, vpc, groups) if groups or path == "app" else [],
            created=self._kit.clock.time(),
            tags=new_tags(req.get("Tags")),
            kind=kind,
        )

        def add(tx: Tx) -> LoadBalancer:
            present = store.load_balancers.get(tx, item.account, item.region, item.name)
            if present is not None:
                # As with AWS, the same request again is answered with what it made.
                if all(getattr(present, key) == getattr(item, key) for key in _ALIKE):
                    return present
                raise AlreadyExists(name)
            if not item.address:
                item.address = addresses.draw({each.address for each in store.load_balancers.find(tx)})
            store.load_balancers.insert(tx, item)
            return item

        item.address = self._control.reach.address(item)
        try:
            made = await self._db.write(add)
        except AlreadyExists:
            self._control.reach.forget(item)
            raise AwsError(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            ) from None
        if made is not item:
            self._control.reach.forget(item)
        await self._control.reach.open(made)
        return {"LoadBalancers": [self._described_balancer(made)]}

    @operation()
    async def describe_load_balancers(self, call: Call, req: Doc) -> Doc:
        arns, names = req.get("LoadBalancerArns") or [], req.get("Names") or []
        if arns and names:
            raise invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
        here = store.load_balancers.find(self._db, prefix=(call.account, call.region))
        for arn in arns:
            check_arn(arn, "loadbalancer", "load balancer")
            if all(each.arn != arn for each in here):
                raise no_load_balancer()
        missing = [name for name in names if all(each.name != name for each in here)]
        if missing:
            raise AwsError("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
        found = [each for each in here if (not arns or each.arn in arns) and (not names or each.name in names)]
        shown, marker = self._page(req, found, lambda each: str(each.name))
        return {"LoadBalancers": [self._described_balancer(each) for each in shown], "NextMarker": marker}

    @operation("{LoadBalancerArn}")
    async def delete_load_balancer(self, call: Call, req: Doc) -> Doc:
        arn = req["LoadBalancerArn"]
        item = store.load_balancer(self._db, arn)
        if item is None or not mine(call, arn):
            check_arn(arn, "loadbalancer", "load balancer")
            return {}  # AWS: deleting what is not there succeeds
        if item.attribute("deletion_protection.enabled") == "true":
            raise AwsError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )

        def remove(tx: Tx) -> None:
            for listener in store.listeners.find(tx, prefix=(arn,)):
                store.delete_listener(tx, listener)
            store.load_balancers.delete(tx, item.account, item.region, item.name)

        await self._control.note(remove)
        await self._control.reach.close(item)
        return {}

    @operation("{LoadBalancerArn}")
    async def set_subnets(self, call: Call, req: Doc) -> Doc:
        item = self._load_balancer(call, req["LoadBalancerArn"])
        _refuse(req)
        vpc, zones = await self._zones(call, {"Type": item.kind, **req})
        if vpc != item.vpc:
            raise AwsError("InvalidConfigurationRequest", "All subnets must belong to the VPC of the load balancer")
        changed = await self._change_balancer(item, lambda now: replace(now, zones=zones))
        await self._control.reach.open(changed)
        return {"AvailabilityZones": described.zones(changed), "IpAddressType": "ipv4"}

    @operation("{LoadBalancerArn}")
    async def set_security_groups(self, call: Call, req: Doc) -> Doc:
        item = self._load_balancer(call, req["LoadBalancerArn"])
        if not req["SecurityGroups"]:
            raise AwsError("InvalidConfigurationRequest", "At least one security group must be specified")
        groups = await self._security_groups(call, item.vpc, req["SecurityGroups"])
        changed = await self._change_balancer(item, lambda now: replace(now, security_groups=groups))
        await self._control.reach.open(changed)
        return {"SecurityGroupIds": groups}

    @operation("{LoadBalancerArn}")
    async def modify_load_balancer_attributes(self, call: Call, req: Doc) -> Doc:
        item = self._load_balancer(call, req["LoadBalancerArn"])
        given = attributes(LOAD_BALANCER_ATTRIBUTES, req["Attributes"], "Load balancer")
        changed = await self._change_balancer(item, lambda now: replace(now, attributes={**now.attributes, **given}))
        return {"Attributes": all_attributes(LOAD_BALANCER_ATTRIBUTES, changed.attributes)}

    @operation("{LoadBalancerArn}")
    async def describe_load_balancer_attributes(self, call: Call, req: Doc) -> Doc:
        item = self._load_balancer(call, req["LoadBalancerArn"])
        return {"Attributes": all_attributes(LOAD_BALANCER_ATTRIBUTES, item.attributes)}

    async def _change_balancer(self, item: LoadBalancer, edit: Callable[[LoadBalancer], LoadBalancer]) -> LoadBalancer:
        before = item

        def work(tx: Tx) -> LoadBalancer:
            nonlocal before
            now = store.load_balancer(tx, item.arn)
            if now is None:
                raise no_load_balancer()
            before, changed = now, edit(now)
            store.load_balancers.put(tx, changed)
            return changed

        return await self._control.change(work, lambda tx: store.load_balancers.put(tx, before))

    def _described_balancer(self, item: LoadBalancer) -> Doc:
        listeners = store.listeners.find(self._db, prefix=(item.arn,))
        return described.load_balancer(item, listeners, self._control.trouble)

    async def _zones(self, call: Call, req: Doc) -> tuple[str, dict[str, str]]:
        """The VPC, and the subnets with their Availability Zones."""
        mappings = req.get("SubnetMappings") or []
        if mappings and req.get("Subnets"):
            raise invalid("You can specify either subnets or subnet mappings, not both")
        if any(set(mapping) - {"SubnetId"} for mapping in mappings):
            raise Refused("Trunkline's load balancers have one loopback address: give SubnetMappings only a SubnetId.")
        wanted = req.get("Subnets") or [mapping.get("SubnetId", "") for mapping in mappings]
        if not wanted:
            raise invalid("At least two subnets in two different Availability Zones must be specified")
        try:
            found = (await self._ec2(call, "DescribeSubnets", {"SubnetIds": wanted}))["Subnets"]
        except AwsError as error:
            if error.code.startswith("InvalidSubnetID"):
                raise AwsError("SubnetNotFound", error.message) from error
            raise
        zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in found}
        if len({subnet["VpcId"] for subnet in found}) != 1:
            raise AwsError("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
        if len(set(zones.values())) != len(zones):
            raise AwsError(
                "InvalidConfigurationRequest",
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            )
        if len(zones) < 2 and req.get("Type") != "network":
            raise invalid("At least two subnets in two different Availability Zones must be specified")
        return found[0]["VpcId"], {subnet: zones[subnet] for subnet in sorted(zones)}

    async def _security_groups(self, call: Call, vpc: str, wanted: list[str]) -> list[str]:
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        if not wanted:
            filters.append({"Name": "group-name", "Values": ["default"]})
            found = await self._ec2(call, "DescribeSecurityGroups", {"Filters": filters})
            return [group["GroupId"] for group in found["SecurityGroups"]]
        try:
            found = await self._ec2(call, "DescribeSecurityGroups", {"GroupIds": wanted})
        except AwsError as error:
            if error.code.startswith(("InvalidGroup", "InvalidGroupId")):
                raise AwsError("InvalidSecurityGroup", error.message) from error
            raise
        if any(group["VpcId"] != vpc for group in found["SecurityGroups"]):
            raise AwsError("InvalidConfigurationRequest", "One or more security groups are invalid")
        return list(dict.fromkeys(wanted))


def _refuse(req: Doc) -> None:
    kind = req.get("Type", "application")
    if kind == "gateway":
        raise Refused("Trunkline has no gateway load balancers: use Type=application or Type=network.")
    if req.get("IpAddressType", "ipv4") != "ipv4":
        raise Refused("Trunkline's load balancers answer on a loopback IPv4 address: use IpAddressType=ipv4.")
    for member in ("CustomerOwnedIpv4Pool", "IpamPools"):
        if req.get(member):
            raise Refused(f"Trunkline does not support {member}: leave it out.")
