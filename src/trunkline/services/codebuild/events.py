"""The events CodeBuild publishes.

https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html
"""

from datetime import datetime

from trunkline.core.events import Event
from trunkline.services.codebuild.described import build_document
from trunkline.services.codebuild.model import Build, Doc, Phase

_TIME = "%b %d, %Y %I:%M:%S %p"


def state_changed(build: Build, now: datetime) -> Event:
    """A build began or ended."""
    current = build.current
    detail: Doc = {
        "build-status": build.status,
        "project-name": build.project,
        "build-id": build.arn,
        "additional-information": _more(build),
        "current-phase": current.type if current else "SUBMITTED",
        "current-phase-context": _context(current),
        "version": "1",
    }
    return Event(
        "aws.codebuild", "CodeBuild Build State Change", detail, build.account, build.region, (build.arn,), time=now
    )


def phase_changed(build: Build, phase: Phase, now: datetime) -> Event:
    """A phase ended."""
    ended = phase.ended or now
    detail: Doc = {
        "completed-phase": phase.type,
        "project-name": build.project,
        "build-id": build.arn,
        "completed-phase-status": phase.status,
        "completed-phase-duration-seconds": int((ended - phase.started).total_seconds()),
        "completed-phase-start": phase.started.strftime(_TIME),
        "completed-phase-end": ended.strftime(_TIME),
        "completed-phase-context": _context(phase),
        "additional-information": _more(build),
        "version": "1",
    }
    return Event(
        "aws.codebuild", "CodeBuild Build Phase Change", detail, build.account, build.region, (build.arn,), time=now
    )


def _context(phase: Phase | None) -> str:
    return f"[{phase.code}: {phase.message}]" if phase and (phase.code or phase.message) else "[]"


def _more(build: Build) -> Doc:
    shown = build_document(build)
    return {
        "initiator": build.initiator,
        "build-number": build.number,
        "build-complete": build.complete,
        "build-start-time": build.started.strftime(_TIME),
        "source": shown["source"],
        "source-version": build.source_version,
        "artifact": shown["artifacts"],
        "timeout-in-minutes": build.settings["timeoutInMinutes"],
        "logs": {"group-name": build.log_group, "stream-name": build.log_stream},
        "environment": {
            "image": build.settings["environment"]["image"],
            "privileged-mode": build.settings["environment"].get("privilegedMode", False),
            "compute-type": build.settings["environment"]["computeType"],
            "type": build.settings["environment"]["type"],
        },
    }
