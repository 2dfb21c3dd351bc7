"""Regions, Availability Zones and attributes of the account."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import store
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.filters import member, select
from trunkline.services.ec2.model import ZONES, zone_id

_REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
_ZONE = {
    "zone-name": member("ZoneName"),
    "zone-id": member("ZoneId"),
    "region-name": member("RegionName"),
    "state": member("State"),
    "zone-type": member("ZoneType"),
    "opt-in-status": member("OptInStatus"),
    "group-name": member("GroupName"),
}
_REGION = {
    "region-name": member("RegionName"),
    "endpoint": member("Endpoint"),
    "opt-in-status": member("OptInStatus"),
}


class Places(Finding):
    """Where things can be."""

    @operation()
    async def describe_availability_zones(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        zones = [
            {
                "ZoneName": call.region + zone,
                "ZoneId": zone_id(call.region, zone),
                "RegionName": call.region,
                "GroupName": f"{call.region}-zg-1",
                "NetworkBorderGroup": call.region,
                "State": "available",
                "OptInStatus": "opt-in-not-required",
                "ZoneType": "availability-zone",
                "Messages": [],
            }
            for zone in ZONES
        ]
        for key, wanted in (("ZoneName", req.get("ZoneNames")), ("ZoneId", req.get("ZoneIds"))):
            if wanted:
                zones = [zone for zone in zones if zone[key] in wanted]
        return {"AvailabilityZones": select(zones, req.get("Filters"), _ZONE)}

    @operation()
    async def describe_regions(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        regions = [
            {
                "RegionName": name,
                "Endpoint": f"ec2.{name}.amazonaws.com",
                "OptInStatus": "opt-in-not-required",
            }
            for name in sorted({*_REGIONS, call.region})
            if not req.get("RegionNames") or name in req["RegionNames"]
        ]
        return {"Regions": select(regions, req.get("Filters"), _REGION)}

    @operation()
    async def describe_account_attributes(self, call: Call, req: Doc) -> Doc:
        await self.open(call, req)
        vpc = store.VPCS.find(self.kit.db, prefix=(call.account, call.region), limit=1)[0]
        values = {
            "supported-platforms": ["VPC"],
            "default-vpc": [vpc.id],
            "vpc-max-security-groups-per-interface": ["5"],
        }
        wanted = req.get("AttributeNames") or list(values)
        return {
            "AccountAttributes": [
                {"AttributeName": name, "AttributeValues": [{"AttributeValue": value} for value in values[name]]}
                for name in wanted
                if name in values
            ]
        }
