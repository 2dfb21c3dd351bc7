"""Records of EC2: data directories of before there were VPCs to make."""

import json

import pytest

from trunkline.core.db import Database
from trunkline.services.ec2 import store
from trunkline.services.ec2.store import View
from trunkline.services.ec2.store.steps import STEPS

HERE = ("000000000000", "us-east-1")


@pytest.fixture
def db(tmp_path):
    made = Database(tmp_path / "trunkline.db")
    yield made
    made.close()


def _insert(tx, table, key, doc):
    columns = ", ".join(f'"{name}"' for name in key)
    marks = ", ".join("?" for _ in key)
    values = [*key.values(), json.dumps({**key, **doc}).encode()]
    tx.execute(f"INSERT INTO {table} ({columns}, doc) VALUES ({marks}, ?)", values)


def test_the_default_network_of_an_older_instance_becomes_records(db):
    place = {"account": HERE[0], "region": HERE[1]}
    old = {
        "cidr": "172.31.0.0/16",
        "is_default": True,
        "dhcp_options_id": "dopt-1",
        "cidr_association_id": "vpc-cidr-assoc-1",
        "route_table_id": "rtb-1",
        "route_association_id": "rtbassoc-1",
        "internet_gateway_id": "igw-1",
    }
    subnet = {
        "vpc_id": "vpc-1",
        "cidr": "172.31.0.0/20",
        "zone": "a",
        "is_default": True,
        "public_ip_on_launch": True,
    }
    db.migrate("ec2", STEPS[:2])

    def as_it_was(tx):
        _insert(tx, "ec2_vpcs", {**place, "id": "vpc-1"}, old)
        _insert(tx, "ec2_subnets", {**place, "id": "subnet-1"}, subnet)

    db.write_blocking(as_it_was)
    db.migrate("ec2", STEPS)
    view = View(db, *HERE)
    assert store.has_network(db, *HERE)
    vpc = view.get(store.VPCS, "vpc-1")
    assert (vpc.is_default, vpc.dns_hostnames, vpc.blocks) == (True, True, [])
    (table,) = view.all(store.ROUTE_TABLES)
    assert (table.id, table.is_main, table.associations[0].id) == ("rtb-1", True, "rtbassoc-1")
    assert [(one.destination, one.target) for one in table.routes] == [("0.0.0.0/0", "igw-1")]
    assert [one.vpc_id for one in view.all(store.INTERNET_GATEWAYS)] == ["vpc-1"]
    (options,) = view.all(store.DHCP_OPTIONS)
    assert options.options["domain-name"] == ["ec2.internal"]
    (acl,) = view.all(store.ACLS)
    assert acl.is_default and [one.egress for one in acl.entries] == [False, True]
    found = view.get(store.SUBNETS, "subnet-1")
    assert (found.acl_id, found.public_ip_on_launch) == (acl.id, True)
    assert found.acl_association_id.startswith("aclassoc-0")
