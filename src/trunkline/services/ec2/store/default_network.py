"""What a new VPC comes with, and the default VPC that appears when an account first looks at a region."""

import ipaddress

from trunkline.core.db import Reader
from trunkline.services.ec2.model import (
    VPC_CIDR,
    AclEntry,
    DhcpOptions,
    InternetGateway,
    NetworkAcl,
    Route,
    RouteAssociation,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
    domain_of,
    zones,
)
from trunkline.services.ec2.store.tables import (
    ACLS,
    DHCP_OPTIONS,
    GROUPS,
    INTERNET_GATEWAYS,
    PLACES,
    ROUTE_TABLES,
    SUBNETS,
    VPCS,
    Place,
    new_id,
)
from trunkline.services.ec2.store.view import Edit, View


def has_network(reader: Reader, account: str, region: str) -> bool:
    """Whether the default network was made already."""
    return PLACES.get(reader, account, region) is not None


def make_default_network(edit: Edit) -> None:
    """AWS's default VPC, once."""
    if has_network(edit.tx, edit.account, edit.region):
        return
    PLACES.insert(edit.tx, Place(edit.account, edit.region))
    add_default_vpc(edit)


def add_default_vpc(edit: Edit) -> Vpc:
    """The default VPC with a subnet in each zone, and a way out to the internet."""
    vpc = new_vpc(edit, VPC_CIDR, is_default=True)
    vpc.dns_hostnames = True
    edit.keep(VPCS, vpc)
    gateway = InternetGateway(edit.account, edit.region, new_id("igw"), vpc.id)
    edit.keep(INTERNET_GATEWAYS, gateway)
    (table,) = edit.all(ROUTE_TABLES, vpc_id=vpc.id)
    table.routes.append(Route("0.0.0.0/0", "GatewayId", gateway.id))
    edit.keep(ROUTE_TABLES, table)
    add_default_subnets(edit, vpc, zones(edit.region))
    return vpc


def add_default_subnets(edit: Edit, vpc: Vpc, wanted: tuple[str, ...]) -> list[Subnet]:
    """A default subnet in each of these zones, on the first free block."""
    taken = [ipaddress.ip_network(one.cidr) for one in edit.all(SUBNETS, vpc_id=vpc.id) if one.cidr]
    blocks = ipaddress.ip_network(vpc.cidr).subnets(new_prefix=20)
    free = [str(block) for block in blocks if not any(block.overlaps(other) for other in taken)]
    (acl,) = (one for one in edit.all(ACLS, vpc_id=vpc.id) if one.is_default)
    made = [
        Subnet(edit.account, edit.region, new_id("subnet"), vpc.id, cidr, zone, True, True, acl.id, new_id("aclassoc"))
        for zone, cidr in zip(wanted, free, strict=False)
    ]
    edit.keep(SUBNETS, *made)
    return made


def new_vpc(edit: Edit, cidr: str, *, is_default: bool = False, tenancy: str = "default") -> Vpc:
    """A VPC with what it always has: a main route table, a default network ACL and a default security group."""
    place = (edit.account, edit.region)
    vpc = Vpc(
        *place, new_id("vpc"), cidr, is_default, default_options(edit).id, new_id("vpc-cidr-assoc"), tenancy=tenancy
    )
    edit.keep(VPCS, vpc)
    association = RouteAssociation(new_id("rtbassoc"), main=True)
    edit.keep(ROUTE_TABLES, RouteTable(*place, new_id("rtb"), vpc.id, [association]))
    entries = [AclEntry(100, egress, "allow", "-1", "0.0.0.0/0") for egress in (False, True)]
    edit.keep(ACLS, NetworkAcl(*place, new_id("acl"), vpc.id, True, entries))
    group = SecurityGroup(*place, new_id("sg"), vpc.id, "default", "default VPC security group")
    group.rules = [Rule(new_id("sgr"), False, "-1", None, None, "group", group.id), everywhere()]
    edit.keep(GROUPS, group)
    return vpc


def default_options(edit: Edit) -> DhcpOptions:
    """The region's default DHCP options, made when first needed."""
    wanted = amazon_options(edit)
    found = next((one for one in edit.all(DHCP_OPTIONS) if one.options == wanted), None)
    if found is None:
        found = DhcpOptions(edit.account, edit.region, new_id("dopt"), wanted)
        edit.keep(DHCP_OPTIONS, found)
    return found


def amazon_options(view: View) -> dict[str, list[str]]:
    """Names and resolver as AWS gives them."""
    return {"domain-name": [domain_of(view.region)], "domain-name-servers": ["AmazonProvidedDNS"]}


def everywhere() -> Rule:
    """What every new group lets out."""
    return Rule(new_id("sgr"), True, "-1", None, None, "ipv4", "0.0.0.0/0")
