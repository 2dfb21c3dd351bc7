"""What CloudFormation keeps: stacks, their resources, events, operations, template versions, change sets. Pure."""

from trunkline.services.cloudformation.model.changesets import ChangeSet
from trunkline.services.cloudformation.model.exports import Export, Import
from trunkline.services.cloudformation.model.operations import Operation, Signal, StackEvent, Version
from trunkline.services.cloudformation.model.resources import Resource, Retired, Snapshot
from trunkline.services.cloudformation.model.stacks import Output, Stack
from trunkline.services.cloudformation.model.statuses import Status

__all__ = [
    "ChangeSet",
    "Export",
    "Import",
    "Operation",
    "Output",
    "Resource",
    "Retired",
    "Signal",
    "Snapshot",
    "Stack",
    "StackEvent",
    "Status",
    "Version",
]
