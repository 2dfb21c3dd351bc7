"""Zones, names inside a region, and what an id says of its resource."""

VPC_CIDR = "172.31.0.0/16"
_ZONES = {"us-east-1": "abcdef", "us-west-2": "abcd", "ap-northeast-2": "abcd"}
"""The regions with more than three."""
_DIRECTIONS = {
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "southeast": "se",
    "northwest": "nw",
    "southwest": "sw",
}


def zones(region: str) -> tuple[str, ...]:
    """The letters of a region's zones."""
    return tuple(_ZONES.get(region, "abc"))


def zone_id(region: str, zone: str) -> str:
    """use1-az1 for us-east-1a."""
    area, direction, number = region.rsplit("-", 2) if region.count("-") >= 2 else (region, "", "1")
    return f"{area.replace('-', '')}{_DIRECTIONS.get(direction, direction)}{number}-az{ord(zone) - ord('a') + 1}"


def domain_of(region: str) -> str:
    """The domain of private names; us-east-1 has one of its own."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"


_KINDS = {
    "vpc": "vpc",
    "subnet": "subnet",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "rtb": "route-table",
    "igw": "internet-gateway",
    "eigw": "egress-only-internet-gateway",
    "nat": "natgateway",
    "eipalloc": "elastic-ip",
    "acl": "network-acl",
    "dopt": "dhcp-options",
    "eni": "network-interface",
    "vpce": "vpc-endpoint",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "fl": "vpc-flow-log",
    "key": "key-pair",
}


def resource_type(resource_id: str) -> str | None:
    """AWS's name of the type, from the prefix of an id."""
    return _KINDS.get(resource_id.partition("-")[0])
