"""The tables of CodeBuild."""

from trunkline.core.db import Reader, Table
from trunkline.services.codebuild.model import Build, Project, Report, ReportGroup, SourceCredential

projects = Table("codebuild_projects", Project, key=("account", "region", "name"))
builds = Table("codebuild_builds", Build, key=("account", "region", "id"), index=("project", "token"))
groups = Table("codebuild_report_groups", ReportGroup, key=("account", "region", "name"), index=("arn",))
reports = Table("codebuild_reports", Report, key=("account", "region", "arn"), index=("group",))
credentials = Table("codebuild_source_credentials", SourceCredential, key=("account", "region", "server"))
STEPS = [projects.ddl, builds.ddl, groups.ddl, reports.ddl, credentials.ddl]


def newest_first(found: list[Build]) -> list[Build]:
    """Builds in the order AWS lists them."""
    return sorted(found, key=lambda build: (build.started, build.number), reverse=True)


def of_project(reader: Reader, account: str, region: str, project: str) -> list[Build]:
    """A project's builds, newest first."""
    return newest_first(builds.find(reader, prefix=(account, region), project=project))
