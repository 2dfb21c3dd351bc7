"""CloudFormation's view of NAT gateways."""

from trunkline.aws.resources import NotStabilized, Provision
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, gone, kept_only, own_tags


class NatGateway(Tagged):
    """Usable once it is available; gone once its address is free again."""

    name = "AWS::EC2::NatGateway"
    honoured = frozenset(
        {
            *("AllocationId", "AvailabilityMode", "ConnectivityType", "PrivateIpAddress", "SubnetId", "Tags"),
            *("SecondaryAllocationIds", "SecondaryPrivateIpAddressCount", "SecondaryPrivateIpAddresses"),
        }
    )
    recorded = frozenset({"MaxDrainDurationSeconds"})
    kind = "natgateway"
    describe = ("DescribeNatGateways", "NatGateways", "NatGatewayId")
    missing = "NatGatewayNotFound"
    filters = "Filter"
    remove = "DeleteNatGateway"
    _GIVEN = honoured - {"Tags"}

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await on.call(
            "ec2",
            "CreateNatGateway",
            ClientToken=on.token,
            TagSpecifications=self.tag_specifications(on, wanted),
            **{name: wanted[name] for name in sorted(self._GIVEN) if name in wanted},
        )
        id = str(answer["NatGateway"]["NatGatewayId"])
        await on.made(id)

        async def settled() -> Doc | None:
            found = await self.find(on, id)
            return None if found and found["State"] == "pending" else found or {}

        found = await on.until(settled, f"NatGateway {id} is not available yet", every_s=0.03)
        if found.get("State") != "available":
            raise NotStabilized(
                f"NatGateway {id} is in state {found.get('State', 'deleted')} and hence failed to stabilize. "
                f"Detailed failure message: {found.get('FailureMessage', '')}"
            )
        return id

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None or found["State"] in ("deleted", "deleting"):
            return None
        address: Doc = next((one for one in found["NatGatewayAddresses"] if one["IsPrimary"]), {})
        others = [one for one in found["NatGatewayAddresses"] if not one["IsPrimary"]]
        return kept_only(
            {
                "NatGatewayId": physical_id,
                "AllocationId": address.get("AllocationId"),
                "AvailabilityMode": found["AvailabilityMode"],
                "ConnectivityType": found["ConnectivityType"],
                "EniId": address.get("NetworkInterfaceId"),
                "PrivateIpAddress": address.get("PrivateIp"),
                "SecondaryAllocationIds": [one["AllocationId"] for one in others if one.get("AllocationId")],
                "SecondaryPrivateIpAddresses": [one["PrivateIp"] for one in others],
                "SecondaryPrivateIpAddressCount": len(others) if found["ConnectivityType"] == "private" else None,
                "SubnetId": found["SubnetId"],
                # Of regional gateways only.
                "AutoProvisionZones": "disabled",
                "AutoScalingIps": "disabled",
                "RouteTableId": "",
                "Tags": own_tags(found),
            }
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await super().update(on, physical_id, old, new)
        found = await self.find(on, physical_id) or {}
        here = [one for one in found.get("NatGatewayAddresses", ()) if not one["IsPrimary"]]
        if found.get("ConnectivityType") == "private":
            await self._private(on, physical_id, here, old, new)
        elif old.get("SecondaryAllocationIds") != new.get("SecondaryAllocationIds"):
            wanted = new.get("SecondaryAllocationIds") or []
            dropped = [one["AssociationId"] for one in here if one["AllocationId"] not in wanted]
            if dropped:
                nat = {"NatGatewayId": physical_id, "AssociationIds": dropped}
                await on.call("ec2", "DisassociateNatGatewayAddress", **nat)
            ips = dict(zip(wanted, new.get("SecondaryPrivateIpAddresses") or [], strict=False))
            known = [one["AllocationId"] for one in here]
            added = [id for id in wanted if id not in known]
            if added:
                own = [ips[id] for id in added if id in ips] or None
                nat = {"NatGatewayId": physical_id, "AllocationIds": added}
                await on.call("ec2", "AssociateNatGatewayAddress", **nat, PrivateIpAddresses=own)

    @staticmethod
    async def _private(on: Provision, id: str, here: list[Doc], old: Doc, new: Doc) -> None:
        names = ("SecondaryPrivateIpAddresses", "SecondaryPrivateIpAddressCount")
        if all(old.get(name) == new.get(name) for name in names):
            return
        ips = [one["PrivateIp"] for one in here]
        wanted = new.get("SecondaryPrivateIpAddresses") or []
        count = new.get("SecondaryPrivateIpAddressCount", len(wanted))
        dropped = [ip for ip in ips if ip not in wanted][max(count - len(wanted), 0) :]
        if dropped:
            await on.call("ec2", "UnassignPrivateNatGatewayAddress", NatGatewayId=id, PrivateIpAddresses=dropped)
        added = [ip for ip in wanted if ip not in ips]
        if added:
            await on.call("ec2", "AssignPrivateNatGatewayAddress", NatGatewayId=id, PrivateIpAddresses=added)
        more = count - len(ips) + len(dropped) - len(added)
        if more > 0:
            await on.call("ec2", "AssignPrivateNatGatewayAddress", NatGatewayId=id, PrivateIpAddressCount=more)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await gone(on, self.remove, self.missing, NatGatewayId=physical_id)

        async def is_gone() -> bool | None:
            found = await self.find(on, physical_id)
            return True if found is None or found["State"] == "deleted" else None

        await on.until(is_gone, f"NatGateway {physical_id} is not deleted yet", every_s=0.03)

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("ec2", "DescribeNatGateways", "NatGateways")
        return [one["NatGatewayId"] for one in found if one["State"] in ("pending", "available")]

    def refusals(self, wanted: Doc) -> list[str]:
        if wanted.get("AvailabilityMode", "zonal") == "regional":
            return ["Trunkline does not support regional NAT gateways: leave AvailabilityMode out."]
        return []
