"""Whatever is made and deleted in whatever order: what is refused changes nothing, nothing refers to what is gone, the
engine is told what the records say, and in the end everything can be deleted.
"""

import random

import pytest
from tests.support.provisioning import provisioning
from tests.support.server import ACCOUNT, REGION

from trunkline.aws.errors import AwsError
from trunkline.services.ec2 import carrying, store
from trunkline.services.ec2.store import View

# The operation that deletes, and the member that names what.
_DELETES = {
    "subnet": ("DeleteSubnet", "SubnetId"),
    "rtb": ("DeleteRouteTable", "RouteTableId"),
    "rtbassoc": ("DisassociateRouteTable", "AssociationId"),
    "eni": ("DeleteNetworkInterface", "NetworkInterfaceId"),
    "eipalloc": ("ReleaseAddress", "AllocationId"),
    "eipassoc": ("DisassociateAddress", "AssociationId"),
    "nat": ("DeleteNatGateway", "NatGatewayId"),
    "sg": ("DeleteSecurityGroup", "GroupId"),
    "acl": ("DeleteNetworkAcl", "NetworkAclId"),
    "vpce": ("DeleteVpcEndpoints", "VpcEndpointIds"),
}


class World:
    """One VPC, and what has been made in it so far."""

    def __init__(self, provisioner, seed):
        self.call = lambda operation, **params: provisioner.call("ec2", operation, **params)
        self.db = provisioner.kit.db
        self.random = random.Random(seed)
        self.ids = []

    async def begin(self):
        self.vpc = (await self.call("CreateVpc", CidrBlock="10.0.0.0/16"))["Vpc"]["VpcId"]
        self.gateway = (await self.call("CreateInternetGateway"))["InternetGateway"]["InternetGatewayId"]
        await self.call("AttachInternetGateway", InternetGatewayId=self.gateway, VpcId=self.vpc)

    def any(self, kind):
        known = [id for id in self.ids if id.startswith(f"{kind}-")]
        return self.random.choice(known) if known else f"{kind}-0123456789abcdef0"

    async def make(self):
        """Something at random; an error is an answer too."""
        here = {"VpcId": self.vpc}
        block = f"10.0.{self.random.randrange(8)}.0/{self.random.choice((24, 25, 28))}"
        kind, operation, params, path = self.random.choice(
            [
                ("subnet", "CreateSubnet", {**here, "CidrBlock": block}, ("Subnet", "SubnetId")),
                ("rtb", "CreateRouteTable", here, ("RouteTable", "RouteTableId")),
                (
                    "rtbassoc",
                    "AssociateRouteTable",
                    {"RouteTableId": self.any("rtb"), "SubnetId": self.any("subnet")},
                    ("AssociationId",),
                ),
                (
                    "eni",
                    "CreateNetworkInterface",
                    {"SubnetId": self.any("subnet"), "Groups": [self.any("sg")]},
                    ("NetworkInterface", "NetworkInterfaceId"),
                ),
                ("eipalloc", "AllocateAddress", {}, ("AllocationId",)),
                (
                    "eipassoc",
                    "AssociateAddress",
                    {"AllocationId": self.any("eipalloc"), "NetworkInterfaceId": self.any("eni")},
                    ("AssociationId",),
                ),
                (
                    "nat",
                    "CreateNatGateway",
                    {"SubnetId": self.any("subnet"), "AllocationId": self.any("eipalloc")},
                    ("NatGateway", "NatGatewayId"),
                ),
                (
                    "sg",
                    "CreateSecurityGroup",
                    {**here, "GroupName": f"g{self.random.randrange(10)}", "Description": "d"},
                    ("GroupId",),
                ),
                ("acl", "CreateNetworkAcl", here, ("NetworkAcl", "NetworkAclId")),
                (
                    "vpce",
                    "CreateVpcEndpoint",
                    {**here, "ServiceName": f"com.amazonaws.{REGION}.s3", "RouteTableIds": [self.any("rtb")]},
                    ("VpcEndpoint", "VpcEndpointId"),
                ),
                (
                    "",
                    "CreateRoute",
                    {
                        "RouteTableId": self.any("rtb"),
                        "DestinationCidrBlock": f"192.168.{self.random.randrange(3)}.0/24",
                        "NatGatewayId": self.any("nat"),
                    },
                    (),
                ),
                (
                    "",
                    "AuthorizeSecurityGroupIngress",
                    {
                        "GroupId": self.any("sg"),
                        "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": self.any("sg")}]}],
                    },
                    (),
                ),
            ]
        )
        try:
            answer = await self.call(operation, **params)
        except AwsError as error:
            assert error.status == 400, error
            return
        for step in path:
            answer = answer[step]
        if kind and answer not in self.ids:
            self.ids.append(answer)

    async def delete(self, id):
        """Whether it is gone."""
        operation, member = _DELETES[id.partition("-")[0]]
        try:
            await self.call(operation, **{member: [id] if member.endswith("s") else id})
        except AwsError as error:
            if not error.code.endswith(("NotFound", "NatGatewayNotFound")):
                return False
        self.ids.remove(id)
        return True

    def check(self):
        view = View(self.db, ACCOUNT, REGION)
        subnets = {one.id: one for one in view.all(store.SUBNETS)}
        groups = {one.id for one in view.all(store.GROUPS)}
        interfaces = {one.id: one for one in view.all(store.INTERFACES)}
        acls = {one.id for one in view.all(store.ACLS)}
        tables = {one.id for one in view.all(store.ROUTE_TABLES)}
        taken = [(one.subnet_id, address) for one in interfaces.values() for address in one.addresses]
        assert len(taken) == len(set(taken)), "two interfaces have one address"
        assert all(one.acl_id in acls for one in subnets.values())
        assert all(one.subnet_id in subnets and set(one.group_ids) <= groups for one in interfaces.values())
        for table in view.all(store.ROUTE_TABLES):
            assert all(one.subnet_id in subnets for one in table.associations if one.subnet_id)
        for one in view.all(store.GROUPS):
            assert all(rule.peer in groups for rule in one.rules if rule.kind == "group")
        assert all(one.interface_id in interfaces for one in view.all(store.ADDRESSES) if one.interface_id)
        assert all(set(one.route_table_ids) <= tables for one in view.all(store.ENDPOINTS))
        told = carrying.vpc(carrying.records(view, view.get(store.VPCS, self.vpc)))
        assert {one.subnet for one in told.interfaces} <= {one.id for one in told.subnets}


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_left_dangling(tmp_path, seed):
    async with provisioning(tmp_path) as provisioner:
        world = World(provisioner, seed)
        await world.begin()
        for _ in range(120):
            await world.make()
            if world.ids and world.random.random() < 0.25:
                await world.delete(world.random.choice(world.ids))
            world.check()
        assert len({id.partition("-")[0] for id in world.ids}) >= 7, world.ids
        for _ in range(30):
            for id in list(world.ids):
                await world.delete(id)
            groups = [id for id in world.ids if id.startswith("sg-")]
            for id in groups:  # groups that name one another
                permissions = (await world.call("DescribeSecurityGroups", GroupIds=[id]))["SecurityGroups"][0]
                if permissions["IpPermissions"]:
                    await world.call(
                        "RevokeSecurityGroupIngress", GroupId=id, IpPermissions=permissions["IpPermissions"]
                    )
            if not world.ids:
                break
        assert not world.ids
        await world.call("DetachInternetGateway", InternetGatewayId=world.gateway, VpcId=world.vpc)
        await world.call("DeleteVpc", VpcId=world.vpc)
