"""What the networks engine is told of a VPC."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from trunkline.engines.networks import interface as networks
from trunkline.services.ec2 import carrying
from trunkline.services.ec2.model import (
    AclEntry,
    Block,
    InternetGateway,
    NatAddress,
    NatGateway,
    NetworkAcl,
    NetworkInterface,
    Peering,
    PeeringSide,
    PrefixList,
    PrefixListEntry,
    Route,
    RouteAssociation,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)

HERE = ("000000000000", "us-east-1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _interface(id="eni-1", **more):
    given = {"subnet_id": "subnet-1", "vpc_id": "vpc-1", "zone": "a", "private_ip": "10.0.1.4", "mac": "02:00"}
    return NetworkInterface(*HERE, id, **given, description="", requester="", attachment_id="a", created_at=NOW, **more)


@pytest.fixture
def known():
    """A VPC with one subnet, its main table and a default ACL."""
    made = carrying.Records(Vpc(*HERE, "vpc-1", "10.0.0.0/16", False, "dopt-1", "assoc-1"))
    made.subnets.append(Subnet(*HERE, "subnet-1", "vpc-1", "10.0.1.0/24", "a", acl_id="acl-1"))
    made.tables.append(RouteTable(*HERE, "rtb-1", "vpc-1", [RouteAssociation("assoc-2", main=True)]))
    entries = [AclEntry(100, egress, "allow", "-1", "0.0.0.0/0") for egress in (True, False)]
    made.acls.append(NetworkAcl(*HERE, "acl-1", "vpc-1", True, entries))
    return made


def _routes(known):
    return {route.cidr: route.via for route in carrying.vpc(known).subnets[0].routes}


def test_every_block_of_the_vpc_is_local(known):
    known.vpc.blocks.append(Block("assoc-3", "10.1.0.0/16"))
    assert carrying.vpc(known).cidrs == ("10.0.0.0/16", "10.1.0.0/16")
    assert _routes(known) == {"10.0.0.0/16": "local", "10.1.0.0/16": "local"}


def test_a_subnet_goes_by_its_own_table_if_it_has_one(known):
    known.internet_gateways.append(InternetGateway(*HERE, "igw-1", "vpc-1"))
    known.tables[0].routes.append(Route("0.0.0.0/0", "GatewayId", "igw-1"))
    assert _routes(known)["0.0.0.0/0"] == "internet"
    known.tables.append(RouteTable(*HERE, "rtb-2", "vpc-1", [RouteAssociation("assoc-4", subnet_id="subnet-1")]))
    assert "0.0.0.0/0" not in _routes(known)


def _to(known, member, target):
    known.tables[0].routes = [Route("0.0.0.0/0", member, target)]
    return _routes(known).get("0.0.0.0/0")


def test_what_is_gone_is_a_black_hole(known):
    nat = NatGateway(*HERE, "nat-1", "vpc-1", "subnet-1", "public", "available", NOW)
    nat.addresses.append(NatAddress("eni-9", "10.0.1.9"))
    known.nat_gateways.append(nat)
    assert _to(known, "NatGatewayId", "nat-1") == "nat:nat-1"
    assert [one.address for one in carrying.vpc(known).nat_gateways] == ["10.0.1.9"]
    nat.state = "deleting"
    assert _to(known, "NatGatewayId", "nat-1") == "blackhole"
    assert carrying.vpc(known).nat_gateways == ()
    assert _to(known, "GatewayId", "igw-gone") == "blackhole"
    assert _to(known, "NetworkInterfaceId", "eni-1") == "blackhole"
    known.interfaces.append(_interface())
    assert _to(known, "NetworkInterfaceId", "eni-1") == "interface:eni-1"


def test_what_the_engine_does_not_carry_is_left_out(known):
    assert _to(known, "EgressOnlyInternetGatewayId", "eigw-1") is None
    assert _to(known, "GatewayId", "vpce-1") is None
    known.subnets.append(Subnet(*HERE, "subnet-6", "vpc-1", "", "a", ipv6_native=True))
    assert [one.id for one in carrying.vpc(known).subnets] == ["subnet-1"]


def test_peers_are_those_that_are_active(known):
    own, other = PeeringSide(*HERE, "vpc-1", ["10.0.0.0/16"]), PeeringSide(*HERE, "vpc-2", ["10.2.0.0/16"])
    peering = Peering(*HERE, "pcx-1", other, own, "pending-acceptance", NOW)
    known.peerings.append(peering)
    assert (carrying.vpc(known).peers, _to(known, "VpcPeeringConnectionId", "pcx-1")) == ((), "blackhole")
    peering.status = "active"
    assert (carrying.vpc(known).peers, _to(known, "VpcPeeringConnectionId", "pcx-1")) == (("vpc-2",), "peer:vpc-2")


def test_prefix_lists_stand_for_their_entries(known):
    entries = [PrefixListEntry("10.5.0.0/16"), PrefixListEntry("10.6.0.0/16")]
    known.prefix_lists.append(PrefixList(*HERE, "pl-1", "offices", "IPv4", 5, [[], entries]))
    group = SecurityGroup(*HERE, "sg-1", "vpc-1", "web", "")
    group.rules = [
        Rule("sgr-1", False, "tcp", 80, 80, "prefix_list", "pl-1"),
        Rule("sgr-2", True, "-1", None, None, "group", "sg-2"),
        Rule("sgr-3", True, "-1", None, None, "ipv6", "::/0"),
    ]
    known.groups.append(group)
    (made,) = carrying.vpc(known).groups
    assert [one.cidr for one in made.ingress] == ["10.5.0.0/16", "10.6.0.0/16"]
    assert made.egress == (networks.Permission("-1", -1, -1, group="sg-2"),)


def test_entries_of_an_acl_are_in_their_order_with_protocols_by_name(known):
    known.acls[0].entries += [AclEntry(90, False, "deny", "6", "0.0.0.0/0", from_port=22, to_port=22)]
    entries = carrying.vpc(known).subnets[0].acl
    assert [(one.egress, one.number, one.allow, one.protocol) for one in entries] == [
        (False, 90, False, "tcp"),
        (False, 100, True, "-1"),
        (True, 100, True, "-1"),
    ]


def test_an_interface_is_public_with_an_elastic_address_or_one_of_its_own(known):
    known.interfaces += [_interface("eni-1"), _interface("eni-2", public_ip="198.18.0.9"), _interface("eni-3")]
    known.interfaces.append(_interface("eni-4", kind="nat_gateway"))
    known.interfaces.append(replace(_interface("eni-5"), private_ip="172.17.0.9"))  # in the engine's own network
    known.elastic = {"eni-3"}
    assert {one.id: one.public for one in carrying.vpc(known).interfaces} == {
        "eni-1": False,
        "eni-2": True,
        "eni-3": True,
    }
