"""The tables of stack sets."""

from trunkline.core.db import Database, Reader, Table
from trunkline.services.cloudformation.stacksets.model import Instance, SetOperation, StackSet

sets = Table("cloudformation_stack_sets", StackSet, key=("account", "region", "id"), index=("name",))
instances = Table("cloudformation_stack_instances", Instance, key=("set_id", "account", "region"))
operations = Table("cloudformation_set_operations", SetOperation, key=("set_id", "id"))


def migrate(db: Database) -> None:
    db.migrate("cloudformation-stacksets", [sets.ddl, instances.ddl, operations.ddl])


def named(reader: Reader, account: str, region: str, name: str) -> StackSet | None:
    """By name or id; the ACTIVE one of a name."""
    if ":" in name:
        return sets.get(reader, account, region, name)
    found = sets.find(reader, prefix=(account, region), name=name)
    return next((one for one in found if one.status == "ACTIVE"), None)


def of_set(reader: Reader, found: StackSet) -> list[Instance]:
    return instances.find(reader, prefix=(found.id,))


def running(reader: Reader, found: StackSet) -> SetOperation | None:
    return next((one for one in operations.find(reader, prefix=(found.id,)) if one.status in _UNDER_WAY), None)


_UNDER_WAY = ("RUNNING", "STOPPING", "QUEUED")
