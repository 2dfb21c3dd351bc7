"""Stacks' operations as durable workflows."""

from trunkline.services.cloudformation.workflow.cancelling import Cancels
from trunkline.services.cloudformation.workflow.run import NAME, Runner

__all__ = ["NAME", "Cancels", "Runner"]
