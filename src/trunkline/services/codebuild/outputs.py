"""What a finished container left behind: phases, exported variables, reports, artifacts."""

import io
import posixpath
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from trunkline.aws.service import Caller, Kit
from trunkline.engines.containers import Containers, ContainersError, NoSuchPath
from trunkline.services.codebuild import agent, reports, selecting
from trunkline.services.codebuild.buildspec import ArtifactSpec, Buildspec, ReportSpec
from trunkline.services.codebuild.model import SOURCE_DIR, Build, Doc, container_name


@dataclass(frozen=True, slots=True)
class Progress:
    """A line of the container's own record: a phase began (IN_PROGRESS) or ended."""

    phase: str
    epoch: int
    status: str
    code: int
    command: int


@dataclass
class Left:
    """All of it but reports and artifacts."""

    progress: list[Progress] = field(default_factory=list)
    exported: list[Doc] = field(default_factory=list)
    is_ended: bool = False
    """The container came to its own end, and was not killed on the way."""


class OutputError(Exception):
    """A report or an artifact could not be taken."""


class Outputs:
    """Reads from containers, running or not."""

    def __init__(self, kit: Kit, containers: Containers) -> None:
        self._kit = kit
        self._containers = containers

    async def left(self, build: Build) -> Left:
        """The phases so far, and the exported variables."""
        found = Left()
        for path, content in (await self._files(build, agent.OUT)).items():
            if path == "phases":
                found.progress = _progress(content.decode("utf-8", "replace"))
            elif path == "ended":
                found.is_ended = True
            elif path.startswith("exported/"):
                value = content.decode("utf-8", "replace")
                found.exported.append({"name": posixpath.basename(path), "value": value})
        return found

    async def tests(self, build: Build, spec: ReportSpec) -> reports.Tests:
        """The test cases of the files of a report; OutputError when there are none, or one is not a report."""
        try:
            files = await self._select(build, spec.base_directory, spec.files, [], discard=spec.discard_paths)
            if not files:
                raise OutputError(f"No report files match {', '.join(spec.files)}.")
            found = reports.Tests()
            for name, (content, _) in sorted(files.items()):
                found.cases += reports.junit(name, content)
        except reports.ReportError as error:
            raise OutputError(str(error)) from error
        return found

    async def artifact(self, build: Build, spec: ArtifactSpec) -> dict[str, tuple[bytes, int]]:
        """The files of an artifact; OutputError when nothing matches."""
        files = await self._select(build, spec.base_directory, spec.files, spec.exclude, discard=spec.discard_paths)
        if not files:
            raise OutputError(f"no matching artifact paths found: {', '.join(spec.files)}")
        return files

    async def upload(
        self, build: Build, role: Caller, target: Doc, files: dict[str, tuple[bytes, int]], name: str
    ) -> Doc:
        """Put an artifact into its bucket, as its project wants it; where it lies now."""
        path = target.get("path", "").strip("/")
        parts = [path] if path else []
        if target.get("namespaceType") == "BUILD_ID":
            parts.append(build.id.split(":", 1)[1])
        final = name if target.get("overrideArtifactName") and name else target.get("name") or build.project
        if target.get("packaging") == "ZIP":
            key = posixpath.join(*parts, final) if final != "/" else posixpath.join(*parts, f"{build.project}.zip")
            await self._put(role, target["location"], key, selecting.zipped(files))
        else:
            key = posixpath.join(*parts, final) if final != "/" else posixpath.join("", *parts)
            for file, (content, _) in files.items():
                await self._put(role, target["location"], posixpath.join(key, file).lstrip("/"), content)
        identifier = {"artifactIdentifier": target["artifactIdentifier"]} if "artifactIdentifier" in target else {}
        return {"location": f"arn:aws:s3:::{target['location']}/{key}", **identifier}

    async def _put(self, role: Caller, bucket: str, key: str, content: bytes) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield content

        await self._kit.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body()}, as_=role)

    async def _select(
        self, build: Build, base: str, globs: list[str], exclude: list[str], *, discard: bool
    ) -> dict[str, tuple[bytes, int]]:
        folder = posixpath.normpath(posixpath.join(SOURCE_DIR, base))
        found: dict[str, tuple[bytes, int]] = {}
        inside = [glob for glob in globs if not glob.startswith("/")]
        if inside:
            found |= selecting.select(await self._archive(build, folder), inside, exclude, discard_paths=discard)
        for glob in (glob for glob in globs if glob.startswith("/")):
            root, tail = posixpath.split(glob)
            found |= selecting.select(await self._archive(build, root), [tail], exclude, discard_paths=True)
        return found

    async def _files(self, build: Build, path: str) -> dict[str, bytes]:
        try:
            archive = await self._archive(build, path)
        except OutputError:
            return {}
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            found = {}
            for member in tar:
                file = tar.extractfile(member) if member.isfile() else None
                if file is not None:
                    found[member.name.partition("/")[2]] = file.read()
            return found

    async def _archive(self, build: Build, path: str) -> bytes:
        chunks, size = [], 0
        try:
            name = container_name(self._kit.settings.instance_id, build.id)
            async for chunk in self._containers.get_archive(name, path):
                size += len(chunk)
                if size > selecting.MAX_BYTES:
                    raise OutputError(f"{path} is larger than 1 GiB.")
                chunks.append(chunk)
        except NoSuchPath as error:
            raise OutputError(f"{path} does not exist in the build container.") from error
        except ContainersError as error:
            raise OutputError(f"{path} cannot be read from the build container: {error}") from error
        return b"".join(chunks)


def _progress(text: str) -> list[Progress]:
    found = []
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 5 and parts[1].isdigit():
            command = int(parts[4]) if parts[4].lstrip("-").isdigit() else 0
            found.append(Progress(parts[0], int(parts[1]), parts[2], int(parts[3]), command))
    return found


def select_artifacts(build: Build, spec: Buildspec) -> list[tuple[str, Doc, ArtifactSpec | None]]:
    """(identifier, target, what the buildspec says) for every artifact the build has to put somewhere."""
    found: list[tuple[str, Doc, ArtifactSpec | None]] = []
    primary = build.settings["artifacts"]
    if primary["type"] == "S3":
        found.append(("", primary, spec.artifacts))
    for target in build.settings.get("secondaryArtifacts", []):
        if target["type"] == "S3":
            identifier = target.get("artifactIdentifier", "")
            found.append((identifier, target, spec.secondary_artifacts.get(identifier)))
    return found
