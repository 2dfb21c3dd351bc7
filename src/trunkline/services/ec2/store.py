"""EC2's tables, and the default network that appears when an account first looks at a region."""

import ipaddress

from trunkline.core import ids
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.ec2.model import VPC_CIDR, ZONES, NetworkInterface, Rule, SecurityGroup, Subnet, Tag, Vpc

VPCS = Table("ec2_vpcs", Vpc, key=("account", "region", "id"))
SUBNETS = Table("ec2_subnets", Subnet, key=("account", "region", "id"))
GROUPS = Table("ec2_security_groups", SecurityGroup, key=("account", "region", "id"))
TAGS = Table("ec2_tags", Tag, key=("account", "region", "resource_id", "name"))
INTERFACES = Table("ec2_network_interfaces", NetworkInterface, key=("account", "region", "id"))
STEPS = [VPCS.ddl + SUBNETS.ddl + GROUPS.ddl + TAGS.ddl, INTERFACES.ddl]


def new_id(kind: str) -> str:
    """vpc-0123456789abcdef0"""
    return f"{kind}-0{ids.hex_id(16)}"


def has_network(reader: Reader, account: str, region: str) -> bool:
    """Whether the default network was made already."""
    return bool(VPCS.find(reader, prefix=(account, region), limit=1))


def make_default_network(tx: Tx, account: str, region: str) -> None:
    """AWS's default VPC, once."""
    if has_network(tx, account, region):
        return
    vpc = Vpc(
        account,
        region,
        new_id("vpc"),
        VPC_CIDR,
        True,
        new_id("dopt"),
        new_id("vpc-cidr-assoc"),
        new_id("rtb"),
        new_id("rtbassoc"),
        new_id("igw"),
    )
    VPCS.insert(tx, vpc)
    for zone, cidr in zip(ZONES, ipaddress.ip_network(VPC_CIDR).subnets(new_prefix=20), strict=False):
        SUBNETS.insert(tx, Subnet(account, region, new_id("subnet"), vpc.id, str(cidr), zone))
    group = SecurityGroup(account, region, new_id("sg"), vpc.id, "default", "default VPC security group")
    group.rules = [Rule(new_id("sgr"), False, "-1", None, None, "group", group.id), everywhere()]
    GROUPS.insert(tx, group)


def everywhere() -> Rule:
    """What every new group lets out."""
    return Rule(new_id("sgr"), True, "-1", None, None, "ipv4", "0.0.0.0/0")


def tags_of(reader: Reader, account: str, region: str) -> dict[str, dict[str, str]]:
    """All tags of a region by resource id."""
    found: dict[str, dict[str, str]] = {}
    for tag in TAGS.find(reader, prefix=(account, region)):
        found.setdefault(tag.resource_id, {})[tag.name] = tag.value
    return found
