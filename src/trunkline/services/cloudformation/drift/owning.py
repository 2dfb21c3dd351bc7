"""Which stack a physical resource belongs to: told to whoever changes resources by other ways than a stack."""

from trunkline.aws.resources import Owner, Owners
from trunkline.core.db import Reader
from trunkline.services.cloudformation import store as stacks
from trunkline.services.cloudformation.model import Status


def owners(reader: Reader) -> Owners:
    """The lookup by physical id."""

    def find(account: str, region: str, physical_id: str) -> list[Owner]:
        found: list[Owner] = []
        for one in stacks.resources.find(reader, physical_id=physical_id):
            stack = stacks.stacks.get(reader, account, region, one.stack_id)
            if stack is None or stack.status is Status.DELETE_COMPLETE or one.status.startswith("DELETE_"):
                continue
            found.append(Owner(one.type, physical_id, one.logical_id, stack.id, stack.name, one.properties))
        return found

    return find
