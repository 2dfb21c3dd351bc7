"""VPCs to try things in, written short."""

from dataclasses import replace

from trunkline.engines.networks import (
    AclEntry,
    Interface,
    NatGateway,
    Permission,
    Route,
    SecurityGroup,
    Subnet,
    Vpc,
)

ANYWHERE = "0.0.0.0/0"
ALLOW_ALL = (AclEntry(100, True, True, "-1", ANYWHERE), AclEntry(100, False, True, "-1", ANYWHERE))
INTERNET = Route(ANYWHERE, "internet")


def group(name: str, *ingress: Permission, egress: tuple[Permission, ...] | None = None) -> SecurityGroup:
    """Everything may go out, as EC2 makes a new group."""
    return SecurityGroup(name, ingress, (Permission("-1", cidr=ANYWHERE),) if egress is None else egress)


def tcp(port: int, *, cidr: str = "", of: str = "") -> Permission:
    return Permission("tcp", port, port, cidr=cidr or ("" if of else ANYWHERE), group=of)


def subnet(name: str, cidr: str, *routes: Route, acl: tuple[AclEntry, ...] = ALLOW_ALL) -> Subnet:
    return Subnet(name, cidr, (Route("10.0.0.0/8", "local"), *routes), acl)


def interface(name: str, subnet: str, address: str, *groups: str, public: bool = False) -> Interface:
    last = [int(part) for part in address.split(".")]
    mac = "0a:58:" + ":".join(f"{part:02x}" for part in last)
    return Interface(name, subnet, address, mac, groups or ("sg-open",), public)


OPEN = group("sg-open", Permission("-1", cidr=ANYWHERE))


def vpc(name: str = "vpc-a", net: str = "10.1") -> Vpc:
    """A public subnet, a private one with NAT and one without a way out; one interface in each, and one more."""
    return Vpc(
        name,
        (f"{net}.0.0/16",),
        subnets=(
            subnet("subnet-public", f"{net}.0.0/24", INTERNET),
            subnet("subnet-nat", f"{net}.1.0/24", Route(ANYWHERE, "nat:nat-1")),
            subnet("subnet-closed", f"{net}.2.0/24"),
        ),
        groups=(OPEN,),
        nat_gateways=(NatGateway("nat-1", "subnet-public", f"{net}.0.250"),),
        interfaces=(
            interface("eni-public", "subnet-public", f"{net}.0.10", public=True),
            interface("eni-unnamed", "subnet-public", f"{net}.0.11"),
            interface("eni-nat", "subnet-nat", f"{net}.1.10"),
            interface("eni-closed", "subnet-closed", f"{net}.2.10"),
        ),
    )


def with_groups(plan: Vpc, of: dict[str, tuple[str, ...]], *groups: SecurityGroup) -> Vpc:
    """Interfaces get other groups."""
    changed = tuple(replace(one, groups=of.get(one.id, one.groups)) for one in plan.interfaces)
    return replace(plan, groups=(*plan.groups, *groups), interfaces=changed)


def with_subnet(plan: Vpc, name: str, **changes: object) -> Vpc:
    subnets = tuple(replace(one, **changes) if one.id == name else one for one in plan.subnets)  # type: ignore[arg-type]
    return replace(plan, subnets=subnets)
