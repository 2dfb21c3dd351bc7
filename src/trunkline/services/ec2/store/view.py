"""The records of one account in one region: as they stand (`View`), and within a change (`Edit`)."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from trunkline.aws.errors import AwsError
from trunkline.core import ids
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.ec2.store import tables
from trunkline.services.ec2.store.tables import DIRTY, TAGS, VPCS, Dirty, Tag

Tags = Mapping[str, Mapping[str, str]]


class Record(Protocol):
    """What every record has."""

    account: str
    region: str
    id: str


R = TypeVar("R", bound=Record)

_MISSING: dict[str, tuple[str, str]] = {
    tables.VPCS.name: ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    tables.SUBNETS.name: ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    tables.GROUPS.name: ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    tables.INTERFACES.name: ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
    tables.ROUTE_TABLES.name: ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    tables.INTERNET_GATEWAYS.name: ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
    tables.EGRESS_ONLY_GATEWAYS.name: (
        "InvalidEgressOnlyInternetGatewayId.NotFound",
        "The egressOnlyInternetGateway ID '{}' does not exist",
    ),
    tables.NAT_GATEWAYS.name: ("NatGatewayNotFound", "The Nat Gateway {} was not found"),
    tables.ADDRESSES.name: ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    tables.ACLS.name: ("InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist"),
    tables.DHCP_OPTIONS.name: ("InvalidDhcpOptionID.NotFound", "The dhcpOption ID '{}' does not exist"),
    tables.ENDPOINTS.name: ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
    tables.PREFIX_LISTS.name: ("InvalidPrefixListID.NotFound", "The prefix list ID '{}' does not exist"),
    tables.KEY_PAIRS.name: ("InvalidKeyPair.NotFound", "The key pair '{}' does not exist"),
    tables.FLOW_LOGS.name: ("InvalidFlowLogId.NotFound", "The flowLog ID '{}' does not exist"),
    tables.PEERINGS.name: (
        "InvalidVpcPeeringConnectionID.NotFound",
        "The vpcPeeringConnection ID '{}' does not exist",
    ),
}


def missing(table: Table[Any], id: str) -> AwsError:
    """The error for an id that names no record of this table."""
    code, words = _MISSING[table.name]
    return AwsError(code, words.format(id), status=400)


class View:
    """Reading. Cheap: nothing is read before it is asked for."""

    def __init__(self, reader: Reader, account: str, region: str) -> None:
        self.reader = reader
        self.account = account
        self.region = region

    def get(self, table: Table[R], id: str) -> R:
        """The record, or AWS's error that there is none."""
        found = self.find(table, id)
        if found is None:
            raise missing(table, id)
        return found

    def find(self, table: Table[R], id: str) -> R | None:
        return table.get(self.reader, self.account, self.region, id)

    def all(self, table: Table[R], **equal: str) -> list[R]:
        """The records whose attributes have these values."""
        found = table.find(self.reader, prefix=(self.account, self.region))
        return [one for one in found if all(getattr(one, name) == value for name, value in equal.items())]

    def tags(self, ids: Iterable[str] | None = None) -> Tags:
        """Tags by resource id: of some resources, or of all."""
        place = (self.account, self.region)
        if ids is None:
            rows = TAGS.find(self.reader, prefix=place)
        else:
            rows = [tag for id in ids for tag in TAGS.find(self.reader, prefix=(*place, id))]
        found: dict[str, dict[str, str]] = {}
        for tag in rows:
            found.setdefault(tag.resource_id, {})[tag.name] = tag.value
        return found


class Edit(View):
    """Changing, inside one transaction. VPCs that a change concerns are marked for the networks engine."""

    def __init__(self, tx: Tx, account: str, region: str) -> None:
        super().__init__(tx, account, region)
        self.tx = tx
        self.touched: set[str] = set()

    def keep(self, table: Table[R], *records: R) -> None:
        for record in records:
            table.put(self.tx, record)
            self._touch_vpc_of(table, record)

    def drop(self, table: Table[R], *records: R) -> None:
        """Remove records and their tags."""
        for record in records:
            table.delete(self.tx, self.account, self.region, record.id)
            self.untag(record.id)
            self._touch_vpc_of(table, record)

    def tag(self, id: str, tags: Mapping[str, str]) -> None:
        for name, value in tags.items():
            TAGS.put(self.tx, Tag(self.account, self.region, id, name, value))

    def untag(self, id: str) -> None:
        for tag in TAGS.find(self.tx, prefix=(self.account, self.region, id)):
            TAGS.delete(self.tx, self.account, self.region, id, tag.name)

    def touch(self, vpc_id: str, account: str = "", region: str = "") -> None:
        """The machine is to be brought to the state of this VPC."""
        self.touched.add(vpc_id)
        mark = ids.hex_id(16)
        DIRTY.put(self.tx, Dirty(account or self.account, region or self.region, vpc_id, mark))

    def _touch_vpc_of(self, table: Table[R], record: R) -> None:
        vpc_id = record.id if table.name == VPCS.name else getattr(record, "vpc_id", "")
        if vpc_id:
            self.touch(vpc_id)
