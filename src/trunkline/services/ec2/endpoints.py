"""The rules of VPC endpoints: which service, in which tables and subnets."""

from dataclasses import dataclass
from datetime import datetime

from trunkline.aws.service import Doc
from trunkline.services.ec2 import managed
from trunkline.services.ec2.errors import failed, invalid, missing
from trunkline.services.ec2.model import Endpoint
from trunkline.services.ec2.placing import place
from trunkline.services.ec2.store import ENDPOINTS, INTERFACES, ROUTE_TABLES, SUBNETS, VPCS, Edit


@dataclass(frozen=True)
class Wanted:
    service: str
    type: str


def check_service(req: Doc, region: str) -> Wanted:
    """The service and the type of its endpoint, if Trunkline has endpoints of that kind."""
    for name in ("ResourceConfigurationArn", "ServiceNetworkArn"):
        if name in req:
            raise invalid(f"Trunkline has no VPC Lattice: endpoints lead to AWS services, by ServiceName, not {name}.")
    if req.get("ServiceRegion", region) != region:
        raise invalid("Trunkline's endpoints lead to services of their own region: leave ServiceRegion out.")
    kind = req.get("VpcEndpointType", "Gateway")
    if kind not in ("Gateway", "Interface"):
        raise invalid(f"Trunkline has no VPC endpoints of type {kind}: use Gateway or Interface.")
    if "ServiceName" not in req:
        raise missing("serviceName")
    service = req["ServiceName"]
    prefix = f"com.amazonaws.{region}."
    known = managed.GATEWAY_SERVICES if kind == "Gateway" else managed.INTERFACE_SERVICES
    if not service.startswith(prefix) or service.removeprefix(prefix) not in known:
        others = {*managed.GATEWAY_SERVICES, *managed.INTERFACE_SERVICES}
        if service.startswith(prefix) and service.removeprefix(prefix) in others:
            raise failed(
                "InvalidParameter", f"Endpoint type ({kind}) does not match available service types of {service}."
            )
        raise failed("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
    return Wanted(service, kind)


def add_tables(edit: Edit, one: Endpoint, ids: list[str]) -> None:
    """Each table gets a route to the service's prefix list; it may have one such route only."""
    for id in dict.fromkeys(ids):
        table = edit.get(ROUTE_TABLES, id)
        if table.vpc_id != one.vpc_id:
            raise failed("InvalidRouteTableId.NotFound", f"The routeTable ID '{id}' does not exist in {one.vpc_id}")
        if id in one.route_table_ids:
            continue
        for other in edit.all(ENDPOINTS, vpc_id=one.vpc_id, service=one.service, type="Gateway"):
            if other.id != one.id and id in other.route_table_ids:
                listed = managed.prefix_list_of(edit.region, one.service)
                raise failed(
                    "RouteAlreadyExists",
                    f"route table {id} already has a route with destination-prefix-list-id "
                    f"{listed.id if listed else one.service}",
                )
        one.route_table_ids.append(id)


def add_subnets(edit: Edit, one: Endpoint, ids: list[str], now: datetime) -> None:
    """An interface in each subnet, of which there is one in a zone."""
    zones = {edit.get(SUBNETS, id).zone for id in one.subnet_ids}
    for id in dict.fromkeys(ids):
        subnet = edit.get(SUBNETS, id)
        if id in one.subnet_ids:
            continue
        if subnet.vpc_id != one.vpc_id:
            raise failed("InvalidSubnetId.NotFound", f"The subnet ID '{id}' does not exist in {one.vpc_id}")
        if subnet.zone in zones:
            raise failed(
                "DuplicateSubnetsInSameZone",
                f"Found another VPC endpoint subnet in the availability zone of {id}. VPC endpoint subnets should be "
                "in different availability zones supported by the VPC endpoint service.",
            )
        zones.add(subnet.zone)
        interface = place(
            edit,
            subnet,
            now,
            kind="vpc_endpoint",
            description=f"VPC Endpoint Interface {one.id}",
            requester="vpce.amazonaws.com",
            groups=list(one.group_ids),
        )
        one.subnet_ids.append(id)
        one.interface_ids.append(interface.id)


def let_go(edit: Edit, one: Endpoint, subnets: list[str]) -> None:
    """The endpoint has no interfaces in these subnets any more."""
    for id in list(one.interface_ids):
        interface = edit.find(INTERFACES, id)
        if interface is not None and interface.subnet_id in subnets:
            edit.drop(INTERFACES, interface)
            one.interface_ids.remove(id)
    one.subnet_ids = [id for id in one.subnet_ids if id not in subnets]


def check_private_dns(edit: Edit, one: Endpoint) -> None:
    """A name of AWS can lead to one endpoint only, and only where the VPC resolves names at all."""
    vpc = edit.get(VPCS, one.vpc_id)
    if not (vpc.dns_support and vpc.dns_hostnames):
        raise failed(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc.id}",
        )
    others = edit.all(ENDPOINTS, vpc_id=vpc.id, service=one.service, type="Interface")
    if any(other.private_dns and other.id != one.id and other.state != "deleting" for other in others):
        raise failed(
            "InvalidParameter",
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            f"{one.service} in the VPC {vpc.id}",
        )
