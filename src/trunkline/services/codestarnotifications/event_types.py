"""The event types that rules name, and which event of the ledger each of them is.

https://docs.aws.amazon.com/dtconsole/latest/userguide/concepts.html#events-ref-repositories
"""

from dataclasses import dataclass

from trunkline.core.events import Event

_PIPELINE = "codepipeline-pipeline"
_REPOSITORY = "codecommit-repository"
_PROJECT = "codebuild-project"
_APPLICATION = "codedeploy-application"


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is shown in lists of event types."""

    name: str
    resource: str


SERVICES = {
    _REPOSITORY: Service("CodeCommit", "Repository"),
    _PROJECT: Service("CodeBuild", "Project"),
    _APPLICATION: Service("CodeDeploy", "Application"),
    _PIPELINE: Service("CodePipeline", "Pipeline"),
}
SOURCES = ("aws.codecommit", "aws.codebuild", "aws.codedeploy", "aws.codepipeline")
_STATES = {
    "action-execution": ("succeeded", "failed", "canceled", "started"),
    "stage-execution": ("started", "succeeded", "resumed", "canceled", "failed"),
    "pipeline-execution": ("failed", "canceled", "started", "resumed", "succeeded", "superseded"),
    "manual-approval": ("failed", "needed", "succeeded"),
}
EVENT_TYPES: tuple[str, ...] = (
    *(f"{_PIPELINE}-{kind}-{state}" for kind, states in _STATES.items() for state in states),
    *(f"{_REPOSITORY}-branches-and-tags-{what}" for what in ("created", "updated", "deleted")),
    *(f"{_REPOSITORY}-comments-on-{what}" for what in ("commits", "pull-requests")),
    *(f"{_REPOSITORY}-approvals-{what}" for what in ("status-changed", "rule-override")),
    *(f"{_REPOSITORY}-pull-request-{what}" for what in ("created", "source-updated", "status-changed", "merged")),
    *(f"{_PROJECT}-build-state-{state}" for state in ("failed", "succeeded", "in-progress", "stopped")),
    *(f"{_PROJECT}-build-phase-{state}" for state in ("failure", "success")),
    *(f"{_APPLICATION}-deployment-{state}" for state in ("failed", "succeeded", "started")),
)
_REFERENCES = {"referenceCreated": "created", "referenceUpdated": "updated", "referenceDeleted": "deleted"}
_DEPLOYMENTS = {"FAILURE": "failed", "SUCCESS": "succeeded", "START": "started"}
_CANCELED = ("ABANDONED", "STOPPED", "CANCELED")


def of(event: Event) -> list[str]:
    """The event types that an event is, none for one that nobody can be told of."""
    detail = event.detail
    match event.source:
        case "aws.codecommit":
            found = [f"{_REPOSITORY}-branches-and-tags-{_REFERENCES.get(detail.get('event', ''), '?')}"]
        case "aws.codebuild" if "build-status" in detail:
            found = [f"{_PROJECT}-build-state-{detail['build-status'].lower().replace('_', '-')}"]
        case "aws.codebuild":
            good = detail.get("completed-phase-status") == "SUCCEEDED"
            found = [f"{_PROJECT}-build-phase-{'success' if good else 'failure'}"]
        case "aws.codedeploy":
            found = [f"{_APPLICATION}-deployment-{_DEPLOYMENTS.get(detail.get('state', ''), '?')}"]
        case _:
            found = _of_pipeline(event)
    return [one for one in found if one in EVENT_TYPES]


def _of_pipeline(event: Event) -> list[str]:
    state = event.detail.get("state", "")
    word = "canceled" if state in _CANCELED else state.lower()
    kind = event.detail_type.split(" ")[1].lower() + "-execution"
    found = [f"{_PIPELINE}-{kind}-{word}"]
    if kind == "action-execution" and event.detail.get("type", {}).get("category") == "Approval":
        found.append(f"{_PIPELINE}-manual-approval-{'needed' if word == 'started' else word}")
    return found


def resource_of(event: Event) -> str:
    """The ARN of the resource whose rules may want the event."""
    if event.source == "aws.codebuild":
        name = event.detail.get("project-name", "")  # the record of a call has none
        return f"arn:aws:codebuild:{event.region}:{event.account}:project/{name}"
    return event.resources[0] if event.resources else ""


def service_of(arn: str) -> str | None:
    """The prefix of the event types that a resource can have."""
    prefixes = {"codecommit": _REPOSITORY, "codebuild": _PROJECT, "codedeploy": _APPLICATION, "codepipeline": _PIPELINE}
    pieces = arn.split(":")
    return prefixes.get(pieces[2]) if len(pieces) > 5 else None
