"""Regions, Availability Zones and attributes of the account."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.errors import invalid
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.model import zone_id, zones
from trunkline.services.ec2.store import VPCS

_REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
_ZONE: Properties = {
    "zone-name": member("ZoneName"),
    "zone-id": member("ZoneId"),
    "region-name": member("RegionName"),
    "state": member("State"),
    "zone-type": member("ZoneType"),
    "opt-in-status": member("OptInStatus"),
    "group-name": member("GroupName"),
}
_REGION: Properties = {
    "region-name": member("RegionName"),
    "endpoint": member("Endpoint"),
    "opt-in-status": member("OptInStatus"),
}


class Places(Finding):
    """Where things can be."""

    @operation()
    async def describe_availability_zones(self, call: Call, req: Doc) -> Doc:
        await self.view(call, req)
        found = [
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
            for zone in zones(call.region)
        ]
        for key, wanted in (("ZoneName", req.get("ZoneNames")), ("ZoneId", req.get("ZoneIds"))):
            if wanted:
                known = {one[key] for one in found}
                for each in wanted:
                    if each not in known:
                        raise invalid(f"Invalid availability zone: [{each}]")
                found = [one for one in found if one[key] in wanted]
        return {"AvailabilityZones": select(found, req.get("Filters"), _ZONE)}

    @operation()
    async def describe_regions(self, call: Call, req: Doc) -> Doc:
        await self.view(call, req)
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
        view = await self.view(call, req)
        default = next((one.id for one in view.all(VPCS) if one.is_default), "none")
        values = {
            "supported-platforms": ["VPC"],
            "default-vpc": [default],
            "max-instances": ["0"],
            "vpc-max-security-groups-per-interface": ["5"],
            "max-elastic-ips": ["500"],
            "vpc-max-elastic-ips": ["500"],
        }
        wanted = req.get("AttributeNames") or list(values)
        return {
            "AccountAttributes": [
                {"AttributeName": name, "AttributeValues": [{"AttributeValue": value} for value in values[name]]}
                for name in wanted
                if name in values
            ]
        }
