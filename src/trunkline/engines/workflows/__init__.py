"""Durable workflows: see interface.py for what a workflow may do, README.md for how they survive."""

from trunkline.engines.workflows.interface import (
    Interrupted,
    NondeterminismError,
    StepFailed,
    Workflow,
    WorkflowFailed,
    WorkflowFunction,
    Workflows,
    WorkflowStatus,
)
from trunkline.engines.workflows.journal import JournalWorkflows

__all__ = [
    "Interrupted",
    "JournalWorkflows",
    "NondeterminismError",
    "StepFailed",
    "Workflow",
    "WorkflowFailed",
    "WorkflowFunction",
    "WorkflowStatus",
    "Workflows",
]
