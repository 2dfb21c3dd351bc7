"""Stack sets: one template as stacks of many accounts and regions.

Real: the SELF_MANAGED permission model over the accounts and regions that exist here, with its two roles, operation
preferences (region order, failure tolerance, concurrency), parameter overrides, drift detection.
Refused: SERVICE_MANAGED stack sets, since there are no organizations; importing stacks into a stack set.
"""

from trunkline.services.cloudformation.stacksets.api import StackSetOperations

__all__ = ["StackSetOperations"]
