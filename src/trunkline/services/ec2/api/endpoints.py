"""VPC endpoints, and the services they lead to."""

import json
from datetime import datetime
from typing import Any

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import managed
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.api.interfaces import groups_of
from trunkline.services.ec2.described import links
from trunkline.services.ec2.endpoints import Wanted, add_subnets, add_tables, check_private_dns, check_service, let_go
from trunkline.services.ec2.errors import failed, invalid
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import Endpoint, zone_id, zones
from trunkline.services.ec2.store import ENDPOINTS, VPCS, Edit, new_id

_ENDPOINT: Properties = {
    "vpc-endpoint-id": member("VpcEndpointId"),
    "vpc-endpoint-state": member("State"),
    "vpc-endpoint-type": member("VpcEndpointType"),
    "vpc-id": member("VpcId"),
    "service-name": member("ServiceName"),
    "service-region": member("ServiceRegion"),
    "ip-address-type": member("IpAddressType"),
}
_SERVICE: Properties = {
    "service-name": member("ServiceName"),
    "service-region": member("ServiceRegion"),
    "owner": member("Owner"),
    "service-type": lambda item: [one["ServiceType"] for one in item["ServiceType"]],
    "supported-ip-address-types": lambda item: item["SupportedIpAddressTypes"],
}
_EVERYTHING = json.dumps(
    {
        "Version": "2008-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
_ONE = "arn:aws:ec2:{region}:{account}:vpc-endpoint/{VpcEndpointId}"


class Endpoints(Finding):
    """Everything about them. Interface endpoints are records: what their service is, containers reach anyway."""

    @operation()
    async def describe_vpc_endpoints(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        around = links.Around(view)
        return listing(
            view,
            req,
            ENDPOINTS,
            lambda one, tags: links.endpoint(one, tags, around),
            _ENDPOINT,
            member="VpcEndpoints",
            id_member="VpcEndpointId",
        )

    @operation("arn:aws:ec2:{region}:{account}:vpc-endpoint/*", writes_once=True)
    async def create_vpc_endpoint(self, call: Call, req: Doc) -> Doc:
        wanted = check_service(req, call.region)
        policy = _policy(req)
        tags = tags_for(req, "vpc-endpoint")
        now = self.kit.clock.now()

        def work(edit: Edit) -> list[str]:
            made = _make(edit, req, wanted, now)
            made.policy = policy
            edit.keep(ENDPOINTS, made)
            edit.tag(made.id, tags)
            return [made.id]

        (id,) = await self.make(call, req, work)
        view = self.after(call)
        told = links.endpoint(view.get(ENDPOINTS, id), view.tags([id]), links.Around(view))
        return {"VpcEndpoint": told, "ClientToken": req.get("ClientToken")}

    @operation(_ONE, writes_once=True)
    async def modify_vpc_endpoint(self, call: Call, req: Doc) -> Doc:
        policy = _policy(req) if "PolicyDocument" in req or req.get("ResetPolicy") else None
        now = self.kit.clock.now()

        def work(edit: Edit) -> None:
            one = edit.get(ENDPOINTS, req["VpcEndpointId"])
            if policy is not None:
                one.policy = policy
            if {"AddRouteTableIds", "RemoveRouteTableIds"} & req.keys() and one.type != "Gateway":
                raise failed("InvalidParameter", "Route tables can only be changed for gateway endpoints.")
            if {"AddSubnetIds", "AddSecurityGroupIds", "PrivateDnsEnabled"} & req.keys() and one.type != "Interface":
                raise failed("InvalidParameter", "Subnets, groups and private DNS are of interface endpoints only.")
            add_tables(edit, one, req.get("AddRouteTableIds") or [])
            dropped = req.get("RemoveRouteTableIds") or []
            one.route_table_ids = [id for id in one.route_table_ids if id not in dropped]
            add_subnets(edit, one, req.get("AddSubnetIds") or [], now)
            let_go(edit, one, req.get("RemoveSubnetIds") or [])
            added = groups_of(edit, one.vpc_id, req["AddSecurityGroupIds"]) if req.get("AddSecurityGroupIds") else []
            left = [id for id in (*one.group_ids, *added) if id not in (req.get("RemoveSecurityGroupIds") or [])]
            if one.type == "Interface" and not left:
                raise failed("InvalidParameter", "An interface endpoint has at least one security group.")
            one.group_ids = list(dict.fromkeys(left))
            if req.get("PrivateDnsEnabled") and not one.private_dns:
                check_private_dns(edit, one)
            one.private_dns = req.get("PrivateDnsEnabled", one.private_dns)
            one.address_type = req.get("IpAddressType", one.address_type)
            one.dns_options |= req.get("DnsOptions") or {}
            edit.keep(ENDPOINTS, one)

        await self.change(call, req, work)
        return {"Return": True}

    @operation(
        lambda call, req: [call.arn(f"vpc-endpoint/{id}") for id in req["VpcEndpointIds"]],
        writes_once=True,
    )
    async def delete_vpc_endpoints(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> list[Doc]:
            unsuccessful = []
            for id in req["VpcEndpointIds"]:
                one = edit.find(ENDPOINTS, id)
                if one is None:
                    words = f"The Vpc Endpoint Id '{id}' does not exist"
                    error = {"Code": "InvalidVpcEndpoint.NotFound", "Message": words}
                    unsuccessful.append({"ResourceId": id, "Error": error})
                elif one.type == "Gateway":
                    edit.drop(ENDPOINTS, one)
                else:
                    one.state = "deleting"
                    edit.keep(ENDPOINTS, one)
            return unsuccessful

        return {"Unsuccessful": await self.change(call, req, work)}

    @operation()
    async def describe_vpc_endpoint_services(self, call: Call, req: Doc) -> Doc:
        await self.view(call, req)
        names = sorted({*managed.INTERFACE_SERVICES, *managed.GATEWAY_SERVICES})
        items = [_service(call.region, name) for name in names]
        wanted = req.get("ServiceNames")
        known = {item["ServiceName"] for item in items}
        for name in wanted or ():
            if name not in known:
                raise failed("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
        found = [
            item for item in select(items, req.get("Filters"), _SERVICE) if not wanted or item["ServiceName"] in wanted
        ]
        return {"ServiceNames": [item["ServiceName"] for item in found], "ServiceDetails": found}


def _service(region: str, name: str) -> Doc:
    types = [
        kind
        for kind, services in (("Gateway", managed.GATEWAY_SERVICES), ("Interface", managed.INTERFACE_SERVICES))
        if name in services
    ]
    doc: Doc = {
        "ServiceName": f"com.amazonaws.{region}.{name}",
        "ServiceRegion": region,
        "ServiceType": [{"ServiceType": kind} for kind in types],
        "AvailabilityZones": [region + zone for zone in zones(region)],
        "AvailabilityZoneIds": [zone_id(region, zone) for zone in zones(region)],
        "Owner": "amazon",
        "BaseEndpointDnsNames": [f"{managed.domain(name, region)}.vpce.amazonaws.com"],
        "VpcEndpointPolicySupported": True,
        "AcceptanceRequired": False,
        "ManagesVpcEndpoints": False,
        "SupportedIpAddressTypes": ["ipv4"],
        "Tags": [],
    }
    if "Interface" in types:
        doc["PrivateDnsName"] = managed.private_name(name, region)
        doc["PrivateDnsNames"] = [{"PrivateDnsName": doc["PrivateDnsName"]}]
        doc["PrivateDnsNameVerificationState"] = "verified"
    return doc


def _policy(req: Doc) -> str:
    text: Any = req.get("PolicyDocument")
    if text is None or req.get("ResetPolicy"):
        return _EVERYTHING
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise failed("InvalidPolicyDocument", "This policy contains invalid Json")
    return str(text)


def _make(edit: Edit, req: Doc, wanted: Wanted, now: datetime) -> Endpoint:
    vpc = edit.get(VPCS, req["VpcId"])
    room("endpoints", edit.all(ENDPOINTS, vpc_id=vpc.id))
    state = "available" if wanted.type == "Gateway" else "pending"
    made = Endpoint(edit.account, edit.region, new_id("vpce"), vpc.id, wanted.service, wanted.type, state, now)
    if wanted.type == "Gateway":
        add_tables(edit, made, req.get("RouteTableIds") or [])
        return made
    made.address_type = req.get("IpAddressType", "ipv4")
    if made.address_type != "ipv4":
        raise invalid("Trunkline's interface endpoints have IPv4 addresses only: leave IpAddressType out.")
    made.group_ids = groups_of(edit, vpc.id, req.get("SecurityGroupIds"))
    add_subnets(edit, made, req.get("SubnetIds") or [], now)
    made.private_dns = req.get("PrivateDnsEnabled", vpc.dns_support and vpc.dns_hostnames)
    if req.get("PrivateDnsEnabled"):
        check_private_dns(edit, made)
    made.dns_options = {"DnsRecordIpType": "ipv4", **(req.get("DnsOptions") or {})}
    return made
