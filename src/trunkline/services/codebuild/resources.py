"""AWS::CodeBuild::Project (Ref: its name), ReportGroup and SourceCredential (Ref: their ARNs). No fleets."""

from typing import Any, ClassVar

from trunkline.aws.casing import into, to_properties, to_request
from trunkline.aws.handlers import dropped_tags, given, is_mine, own_tags, pairs, shown_as
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc

_IN_PLACE = (
    "Artifacts",
    "AutoRetryLimit",
    "BuildBatchConfig",
    "Cache",
    "ConcurrentBuildLimit",
    "Description",
    "EncryptionKey",
    "Environment",
    "FileSystemLocations",
    "LogsConfig",
    "QueuedTimeoutInMinutes",
    "SecondaryArtifacts",
    "SecondarySourceVersions",
    "SecondarySources",
    "ServiceRole",
    "Source",
    "SourceVersion",
    "TimeoutInMinutes",
    "VpcConfig",
)
# What a property is that the template has no more.
_DEFAULTS: dict[str, Any] = {
    "Cache": {"Type": "NO_CACHE"},
    "Description": "",
    "LogsConfig": {},
    "QueuedTimeoutInMinutes": 480,
    "SecondaryArtifacts": [],
    "SecondarySourceVersions": [],
    "SecondarySources": [],
    "SourceVersion": "",
    "TimeoutInMinutes": 60,
    "VpcConfig": {"Subnets": [], "SecurityGroupIds": []},
}
_NAMES = {"buildspec": "BuildSpec", "s3Logs": "S3Logs", "insecureSsl": "InsecureSsl"}


class ProjectType(ResourceType):
    """A build project."""

    name: ClassVar[str] = "AWS::CodeBuild::Project"
    honoured: ClassVar[frozenset[str]] = frozenset({*_IN_PLACE, "Name", "Tags"})
    recorded: ClassVar[frozenset[str]] = frozenset({"BadgeEnabled", "ResourceAccessRole", "Triggers", "Visibility"})

    def refusals(self, wanted: Doc) -> list[str]:
        triggers = wanted.get("Triggers")
        if isinstance(triggers, dict) and triggers.get("Webhook") in (True, "true"):
            return ["Trunkline has no webhooks of source providers: start builds by an EventBridge rule or a pipeline."]
        return []

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("Name") or on.name(150).replace(".", "-"))
        if on.resumed:
            found = await self._found(on, name)
            if found is not None and is_mine(on, found["tags"]):
                return name
        properties = {member: wanted[member] for member in _IN_PLACE if member in wanted}
        request = to_request("codebuild", "CreateProject", properties)
        tags = pairs(on.tags(wanted.get("Tags")), "key", "value")
        await on.call("codebuild", "CreateProject", **request, name=name, tags=tags)
        return name

    async def _found(self, on: Provision, name: str) -> Doc | None:
        answer = await on.call("codebuild", "BatchGetProjects", names=[name])
        found: Doc | None = next(iter(answer["projects"]), None)
        return found

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        shown: Doc = to_properties("codebuild", "Project", found, _NAMES)
        return given(
            **{member: shown.get(member) for member in _IN_PLACE if member != "ServiceRole"},
            ServiceRole=shown_as(
                on.kept.get("ServiceRole"),
                found["serviceRole"],
                same=found["serviceRole"].rpartition("/")[2] == on.kept.get("ServiceRole"),
            ),
            Name=physical_id,
            Id=physical_id,
            Arn=found["arn"],
            Tags=own_tags(found["tags"]),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        changed = {
            member: new.get(member, _DEFAULTS.get(member)) for member in _IN_PLACE if old.get(member) != new.get(member)
        }
        request = to_request("codebuild", "UpdateProject", changed)
        kept = await self._found(on, physical_id) or {"tags": []}
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        tags = {tag["key"]: tag["value"] for tag in kept["tags"] if tag["key"] not in gone}
        tags |= on.tags(new.get("Tags"))
        await on.call("codebuild", "UpdateProject", **request, name=physical_id, tags=pairs(tags, "key", "value"))

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call("codebuild", "DeleteProject", name=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found: list[str] = await on.pages("codebuild", "ListProjects", "projects")
        return found


class ReportGroupType(ResourceType):
    """Where reports of builds gather."""

    name: ClassVar[str] = "AWS::CodeBuild::ReportGroup"
    honoured: ClassVar[frozenset[str]] = frozenset({"DeleteReports", "ExportConfig", "Name", "Tags", "Type"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = wanted.get("Name") or on.name(128)
        arn = f"arn:aws:codebuild:{on.region}:{on.account}:report-group/{name}"
        if on.resumed:
            found = await self._found(on, arn)
            if found is not None and is_mine(on, found["tags"]):
                return arn
        await on.call(
            "codebuild",
            "CreateReportGroup",
            name=name,
            type=wanted["Type"],
            exportConfig=into("codebuild", "ReportExportConfig", wanted["ExportConfig"]),
            tags=pairs(on.tags(wanted.get("Tags")), "key", "value"),
        )
        return arn

    async def _found(self, on: Provision, arn: str) -> Doc | None:
        answer = await on.call("codebuild", "BatchGetReportGroups", reportGroupArns=[arn])
        found: Doc | None = next(iter(answer["reportGroups"]), None)
        return found

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        return given(
            Arn=physical_id,
            Name=found["name"],
            Type=found["type"],
            ExportConfig=to_properties("codebuild", "ReportExportConfig", found["exportConfig"]),
            DeleteReports=on.kept.get("DeleteReports"),
            Tags=own_tags(found["tags"]),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        found = await self._found(on, physical_id) or {"tags": []}
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        tags = {tag["key"]: tag["value"] for tag in found["tags"] if tag["key"] not in gone}
        tags |= on.tags(new.get("Tags"))
        await on.call(
            "codebuild",
            "UpdateReportGroup",
            arn=physical_id,
            exportConfig=into("codebuild", "ReportExportConfig", new["ExportConfig"]),
            tags=pairs(tags, "key", "value"),
        )

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.call(
            "codebuild",
            "DeleteReportGroup",
            arn=physical_id,
            deleteReports=bool(on.kept.get("DeleteReports")),
        )

    async def existing(self, on: Provision) -> list[str]:
        found: list[str] = await on.pages("codebuild", "ListReportGroups", "reportGroups")
        return found


class SourceCredentialType(ResourceType):
    """What opens another git server: one for each kind of server. Token and user are never shown."""

    name: ClassVar[str] = "AWS::CodeBuild::SourceCredential"
    honoured: ClassVar[frozenset[str]] = frozenset({"AuthType", "ServerType", "Token", "Username"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        return await self._put(on, wanted, overwrite=on.resumed)

    async def _put(self, on: Provision, wanted: Doc, *, overwrite: bool) -> str:
        request = to_request("codebuild", "ImportSourceCredentials", wanted)
        answer = await on.call("codebuild", "ImportSourceCredentials", **request, shouldOverwrite=overwrite)
        return str(answer["arn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.call("codebuild", "ListSourceCredentials")
        found = next((one for one in answer["sourceCredentialsInfos"] if one["arn"] == physical_id), None)
        return found and given(
            Arn=physical_id,
            AuthType=found["authType"],
            ServerType=found["serverType"],
            Token=on.kept.get("Token"),
            Username=on.kept.get("Username"),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        await self._put(on, new, overwrite=True)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("codebuild", "DeleteSourceCredentials", "ResourceNotFoundException", arn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        answer = await on.call("codebuild", "ListSourceCredentials")
        return [one["arn"] for one in answer["sourceCredentialsInfos"]]


TYPES: tuple[ResourceType, ...] = (ProjectType(), ReportGroupType(), SourceCredentialType())
