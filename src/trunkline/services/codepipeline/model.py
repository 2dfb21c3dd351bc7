"""Pipelines, their executions, and what happened to each stage and action; pure data and its transitions."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]

FINAL = frozenset({"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"})
ARTIFACT_NAME_CHARS = 10
PIPELINE_NAME_CHARS = 20


@dataclass
class Pipeline:
    """The newest version of a pipeline; `declaration` is AWS's PipelineDeclaration with its defaults filled in."""

    account: str
    region: str
    name: str
    arn: str
    version: int
    declaration: Doc
    created: datetime
    updated: datetime
    tags: dict[str, str] = field(default_factory=dict)
    disabled: dict[str, Doc] = field(default_factory=dict)
    """Stages whose inbound transition is disabled: reason, by whom, when."""

    @property
    def mode(self) -> str:
        return str(self.declaration["executionMode"])

    @property
    def stages(self) -> list[Doc]:
        return list(self.declaration["stages"])


@dataclass
class PipelineVersion:
    """A version of a pipeline as it was declared."""

    account: str
    region: str
    name: str
    version: int
    declaration: Doc


@dataclass
class Execution:
    """One run of a pipeline version."""

    account: str
    region: str
    pipeline: str
    number: int
    """Its place in the order of starts, within the pipeline."""
    id: str
    version: int
    status: str
    mode: str
    trigger: Doc
    started: datetime
    updated: datetime
    declaration: Doc
    variables: dict[str, str] = field(default_factory=dict)
    revisions: list[Doc] = field(default_factory=list)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Output variables by namespace."""
    artifacts: dict[str, Doc] = field(default_factory=dict)
    """Where each named artifact lies: bucket, key."""
    stages: dict[str, str] = field(default_factory=dict)
    """The status of each stage that was entered."""
    waiting_for: str = ""
    """The stage it waits to enter."""
    waiting_since: float = 0
    in_stage: str = ""
    stopping: str = ""
    """ "stop" or "abandon" once asked to stop."""
    stop_reason: str = ""
    attempt: int = 1
    source_overrides: list[Doc] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.status in FINAL


@dataclass
class ActionRun:
    """One run of one action."""

    account: str
    region: str
    execution: str
    id: str
    pipeline: str
    version: int
    stage: str
    action: str
    order: int
    status: str
    started: datetime
    updated: datetime
    type: Doc
    configuration: dict[str, str] = field(default_factory=dict)
    inputs: list[Doc] = field(default_factory=list)
    outputs: list[Doc] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    region_name: str = ""
    external_id: str = ""
    external_url: str = ""
    summary: str = ""
    error_code: str = ""
    error_message: str = ""
    token: str = ""
    updated_by: str = ""
    revision: Doc = field(default_factory=dict)


def workflow_id(execution_id: str, attempt: int) -> str:
    """The workflow that runs an execution; a retried one runs in another workflow."""
    return f"codepipeline/{execution_id}/{attempt}"


def artifact_key(pipeline: str, artifact: str, token: str) -> str:
    """The S3 key of an artifact, built as AWS builds it: pipeline/artifact/random, names cut short."""
    return f"{pipeline[:PIPELINE_NAME_CHARS]}/{artifact[:ARTIFACT_NAME_CHARS]}/{token}"


def action_groups(stage: Doc) -> list[list[Doc]]:
    """A stage's actions by run order: the groups run one after another, a group's actions at once."""
    orders = sorted({action.get("runOrder", 1) for action in stage["actions"]})
    return [[a for a in stage["actions"] if a.get("runOrder", 1) == order] for order in orders]
