"""Projects, builds and reports as AWS shows them."""

from trunkline.aws import tags
from trunkline.aws.arn import arn
from trunkline.services.codebuild.model import IN_PROGRESS, Build, Doc, Phase, Project, Report, ReportGroup

_CONFIG = (
    "description", "source", "secondarySources", "sourceVersion", "secondarySourceVersions", "artifacts",
    "secondaryArtifacts", "cache", "environment", "serviceRole", "timeoutInMinutes", "queuedTimeoutInMinutes",
    "encryptionKey", "logsConfig", "concurrentBuildLimit", "vpcConfig",
)  # fmt: skip


def project_document(project: Project) -> Doc:
    """A project, as BatchGetProjects answers."""
    return {
        "name": project.name,
        "arn": project.arn,
        **{key: project.settings[key] for key in _CONFIG if key in project.settings},
        "tags": tags.pairs(project.tags, key="key", value="value"),
        "created": project.created,
        "lastModified": project.modified,
        "badge": {"badgeEnabled": False},
        "projectVisibility": "PRIVATE",
    }


def build_document(build: Build) -> Doc:
    """A build, as BatchGetBuilds answers."""
    settings, current = build.settings, build.current
    found: Doc = {
        "id": build.id,
        "arn": build.arn,
        "buildNumber": build.number,
        "startTime": build.started,
        "endTime": build.ended,
        "currentPhase": current.type if current else "SUBMITTED",
        "buildStatus": build.status,
        "sourceVersion": build.source_version or None,
        "resolvedSourceVersion": build.resolved_source_version or None,
        "projectName": build.project,
        "phases": [_phase(phase) for phase in build.phases],
        "source": settings["source"],
        "secondarySources": settings.get("secondarySources", []),
        "secondarySourceVersions": settings.get("secondarySourceVersions", []),
        "artifacts": build.artifacts.get("", {"location": ""}),
        "secondaryArtifacts": [artifact for key, artifact in build.artifacts.items() if key],
        "cache": settings.get("cache", {"type": "NO_CACHE"}),
        "environment": settings["environment"],
        "serviceRole": settings["serviceRole"],
        "timeoutInMinutes": settings["timeoutInMinutes"],
        "queuedTimeoutInMinutes": settings["queuedTimeoutInMinutes"],
        "buildComplete": build.complete,
        "initiator": build.initiator,
        "encryptionKey": settings.get("encryptionKey"),
        "exportedEnvironmentVariables": build.exported,
        "reportArns": build.reports,
    }
    if build.logs_enabled:
        group, stream = build.log_group, build.log_stream
        found["logs"] = {
            "groupName": group,
            "streamName": stream,
            "cloudWatchLogs": {"status": "ENABLED", "groupName": group},
            "cloudWatchLogsArn": arn("logs", build.region, build.account, f"log-group:{group}:log-stream:{stream}"),
        }
    return found


def _phase(phase: Phase) -> Doc:
    found: Doc = {"phaseType": phase.type, "startTime": phase.started}
    if phase.status != IN_PROGRESS or phase.type == "COMPLETED":
        found["endTime"] = phase.ended
        found["phaseStatus"] = phase.status if phase.type != "COMPLETED" else None
        if phase.ended is not None and phase.type != "COMPLETED":
            found["durationInSeconds"] = int((phase.ended - phase.started).total_seconds())
    if phase.code or phase.message:
        found["contexts"] = [{"statusCode": phase.code, "message": phase.message}]
    elif phase.status != IN_PROGRESS:
        found["contexts"] = [{"statusCode": "", "message": ""}]
    return found


def group_document(group: ReportGroup) -> Doc:
    """A report group, as BatchGetReportGroups answers."""
    return {
        "arn": group.arn,
        "name": group.name,
        "type": group.type,
        "exportConfig": group.export,
        "created": group.created,
        "lastModified": group.created,
        "tags": tags.pairs(group.tags, key="key", value="value"),
        "status": "ACTIVE",
    }


def report_document(report: Report) -> Doc:
    """A report, as BatchGetReports answers."""
    return {
        "arn": report.arn,
        "type": "TEST",
        "name": report.name,
        "reportGroupArn": report.group,
        "executionId": report.build_arn,
        "status": report.status,
        "created": report.created,
        "exportConfig": {"exportConfigType": "NO_EXPORT"},
        "truncated": False,
        "testSummary": {
            "total": sum(report.counts.values()),
            "statusCounts": report.counts,
            "durationInNanoSeconds": report.duration_ns,
        },
    }
