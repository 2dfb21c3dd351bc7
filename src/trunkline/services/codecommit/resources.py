"""AWS::CodeCommit::Repository. Ref gives its id.

The key for encryption is recorded only: repositories lie unencrypted.
"""

import io
import stat
import zipfile
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from trunkline.aws.casing import into, to_properties
from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import dropped_tags, given, is_mine, own_tags, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.codecommit.model import MAX_FILES

_GONE = "RepositoryDoesNotExistException"


class RepositoryType(ResourceType):
    """A git repository, with what it begins with."""

    name: ClassVar[str] = "AWS::CodeCommit::Repository"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {"Code", "RepositoryDescription", "RepositoryName", "Tags", "Triggers"}
    )
    recorded: ClassVar[frozenset[str]] = frozenset({"KmsKeyId"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = wanted["RepositoryName"]
        found = await self._named(on, name) if on.resumed else None
        if found is None or not is_mine(on, await self._tags(on, found["Arn"])):
            answer = await on.call(
                "codecommit",
                "CreateRepository",
                repositoryName=name,
                repositoryDescription=wanted.get("RepositoryDescription"),
                tags=on.tags(wanted.get("Tags")),
            )
            found = answer["repositoryMetadata"]
        physical_id = str(found["repositoryId"])
        async with undone(self, on, physical_id):
            if "Code" in wanted:
                await _commit(on, name, wanted["Code"])
            if wanted.get("Triggers"):
                await self._put_triggers(on, name, wanted["Triggers"])
        return physical_id

    async def _put_triggers(self, on: Provision, name: str, triggers: list[Doc]) -> None:
        request = into("codecommit", "RepositoryTriggersList", triggers)
        await on.call("codecommit", "PutRepositoryTriggers", repositoryName=name, triggers=request)

    async def _named(self, on: Provision, name: str) -> Doc | None:
        answer = await on.look("codecommit", "GetRepository", _GONE, repositoryName=name)
        return answer and answer["repositoryMetadata"]

    async def _found(self, on: Provision, physical_id: str) -> Doc | None:
        kept = await self._named(on, on.kept["RepositoryName"]) if "RepositoryName" in on.kept else None
        if kept is not None and kept["repositoryId"] == physical_id:
            return kept
        for one in await on.pages("codecommit", "ListRepositories", "repositories"):
            if one["repositoryId"] == physical_id:
                return await self._named(on, one["repositoryName"])
        return None

    async def _tags(self, on: Provision, arn: str) -> dict[str, str]:
        tags: dict[str, str] = (await on.call("codecommit", "ListTagsForResource", resourceArn=arn))["tags"]
        return tags

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        name = found["repositoryName"]
        triggers = (await on.call("codecommit", "GetRepositoryTriggers", repositoryName=name))["triggers"]
        return given(
            RepositoryId=physical_id,
            RepositoryName=name,
            Name=name,
            Arn=found["Arn"],
            CloneUrlHttp=found["cloneUrlHttp"],
            CloneUrlSsh=f"ssh://git-codecommit.{on.region}.amazonaws.com/v1/repos/{name}",
            RepositoryDescription=found.get("repositoryDescription") or "",
            Triggers=to_properties("codecommit", "RepositoryTriggersList", triggers),
            Code=on.kept.get("Code"),
            Tags=own_tags(await self._tags(on, found["Arn"])),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        name = new["RepositoryName"]
        if old["RepositoryName"] != name:
            await on.call("codecommit", "UpdateRepositoryName", oldName=old["RepositoryName"], newName=name)
        if old.get("RepositoryDescription") != new.get("RepositoryDescription"):
            text = new.get("RepositoryDescription", "")
            await on.call("codecommit", "UpdateRepositoryDescription", repositoryName=name, repositoryDescription=text)
        if old.get("Triggers") != new.get("Triggers"):
            await self._put_triggers(on, name, new.get("Triggers") or [])
        arn = f"arn:aws:codecommit:{on.region}:{on.account}:{name}"
        tags = on.tags(new.get("Tags"))
        if tags:
            await on.call("codecommit", "TagResource", resourceArn=arn, tags=tags)
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        if gone:
            await on.call("codecommit", "UntagResource", resourceArn=arn, tagKeys=gone)

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = await self._found(on, physical_id)
        if found is not None:
            await on.call("codecommit", "DeleteRepository", repositoryName=found["repositoryName"])

    async def existing(self, on: Provision) -> list[str]:
        found = await on.pages("codecommit", "ListRepositories", "repositories")
        return [one["repositoryId"] for one in found]


async def _commit(on: Provision, name: str, code: Doc) -> None:
    """The first commits: the files of a zip archive in S3, as many at a time as one commit takes."""
    place = code["S3"]
    answer = await on.call(
        "s3", "GetObject", Bucket=place["Bucket"], Key=place["Key"], VersionId=place.get("ObjectVersion")
    )
    branch = code.get("BranchName", "main")
    # What an earlier run of this attempt committed is there already, and is committed no second time.
    absent = ("BranchDoesNotExistException", "NoChangeException")
    tip = await on.look("codecommit", "GetBranch", *absent, repositoryName=name, branchName=branch)
    parent = tip and tip["branch"]["commitId"]
    files = list(_files(await _whole(answer["Body"])))
    for start in range(0, len(files), MAX_FILES):
        made = await on.look(
            "codecommit",
            "CreateCommit",
            *absent,
            repositoryName=name,
            branchName=branch,
            parentCommitId=parent,
            authorName="AWS CloudFormation",
            commitMessage="Initial commit by AWS CloudFormation",
            putFiles=files[start : start + MAX_FILES],
        )
        parent = made["commitId"] if made else parent


def _files(archive: bytes) -> Iterator[Doc]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for entry in opened.infolist():
                if not entry.is_dir():
                    is_executable = (entry.external_attr >> 16) & stat.S_IXUSR
                    yield {
                        "filePath": entry.filename,
                        "fileMode": "EXECUTABLE" if is_executable else "NORMAL",
                        "fileContent": opened.read(entry),
                    }
    except zipfile.BadZipFile as error:
        raise AwsError("InvalidRequest", "The object that Code names is not a zip archive.", status=400) from error


async def _whole(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    stream: AsyncIterator[bytes] = body
    return b"".join([chunk async for chunk in stream])


TYPES: tuple[ResourceType, ...] = (RepositoryType(),)
