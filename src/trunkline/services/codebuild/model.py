"""Projects, builds, reports; pure data and the transitions of a build's phases."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]

SUCCEEDED, FAILED, STOPPED, TIMED_OUT, FAULT, IN_PROGRESS = (
    "SUCCEEDED", "FAILED", "STOPPED", "TIMED_OUT", "FAULT", "IN_PROGRESS",
)  # fmt: skip
SOURCE_DIR = "/codebuild/output/src"


@dataclass
class Project:
    """A build project. `settings` is what the user gave, in AWS's members, with AWS's defaults filled in."""

    account: str
    region: str
    name: str
    arn: str
    created: datetime
    modified: datetime
    settings: Doc
    tags: dict[str, str] = field(default_factory=dict)
    last_build: int = 0


@dataclass
class Phase:
    """One phase of a build; it is under way while `status` is IN_PROGRESS."""

    type: str
    started: datetime
    status: str = IN_PROGRESS
    ended: datetime | None = None
    code: str = ""
    message: str = ""


@dataclass
class Build:
    """One build. `settings` is the project's with the overrides of StartBuild put over them."""

    account: str
    region: str
    id: str
    project: str
    number: int
    arn: str
    started: datetime
    initiator: str
    settings: Doc
    status: str = IN_PROGRESS
    ended: datetime | None = None
    phases: list[Phase] = field(default_factory=list)
    source_version: str = ""
    resolved_source_version: str = ""
    exported: list[Doc] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    artifacts: dict[str, Doc] = field(default_factory=dict)
    """What was put where, by artifact identifier; "" is the primary one."""
    token: str = ""

    @property
    def complete(self) -> bool:
        return self.status != IN_PROGRESS

    @property
    def current(self) -> Phase | None:
        return self.phases[-1] if self.phases else None

    @property
    def log_group(self) -> str:
        given: str | None = self.settings.get("logsConfig", {}).get("cloudWatchLogs", {}).get("groupName")
        return given or f"/aws/codebuild/{self.project}"

    @property
    def log_stream(self) -> str:
        prefix: str | None = self.settings.get("logsConfig", {}).get("cloudWatchLogs", {}).get("streamName")
        token = self.id.split(":", 1)[1]
        return f"{prefix}/{token}" if prefix else token

    @property
    def logs_enabled(self) -> bool:
        status = self.settings.get("logsConfig", {}).get("cloudWatchLogs", {}).get("status", "ENABLED")
        return bool(status == "ENABLED")

    def enter(self, phase: str, now: datetime) -> None:
        """Begin a phase."""
        self.phases.append(Phase(phase, now))

    def leave(self, status: str, now: datetime, code: str = "", message: str = "") -> None:
        """End the phase that is under way."""
        phase = self.current
        if phase is not None and phase.status == IN_PROGRESS:
            phase.status, phase.ended, phase.code, phase.message = status, now, code, message


@dataclass
class SourceCredential:
    """What opens another git server to builds; `user` only with a password."""

    account: str
    region: str
    server: str
    auth: str
    token: str
    user: str = ""

    @property
    def arn(self) -> str:
        return f"arn:aws:codebuild:{self.region}:{self.account}:token/{self.server.lower()}"


@dataclass
class ReportGroup:
    """Where reports of one kind gather."""

    account: str
    region: str
    name: str
    arn: str
    type: str
    created: datetime
    export: Doc = field(default_factory=lambda: {"exportConfigType": "NO_EXPORT"})
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Report:
    """The outcome of one run of a build's tests."""

    account: str
    region: str
    group: str
    arn: str
    name: str
    build_arn: str
    status: str
    created: datetime
    counts: dict[str, int]
    duration_ns: int
    cases: list[Doc]


def workflow_id(build_id: str) -> str:
    """The workflow that runs a build."""
    return f"codebuild/{build_id}"


def container_name(instance_id: str, build_id: str) -> str:
    """The container that a build runs in."""
    return f"trunkline-{instance_id}-build-{build_id.rsplit(':', 1)[1]}"
