"""One build, from SUBMITTED to COMPLETED, as a durable workflow.

The container runs by itself: Trunkline only looks at what it has written down. So a restart in the middle finds the
build where it has got to in the meantime.
"""

import asyncio
import io
import zipfile
from datetime import UTC, datetime
from functools import partial

from trunkline.aws.arn import arn
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Kit
from trunkline.core import ids, yaml_text
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines import Engines
from trunkline.engines.containers import ContainersError, ContainerState, ContainersUnavailable, NoSuchContainer
from trunkline.engines.workflows.interface import Interrupted, StepFailed, Workflow
from trunkline.services.codebuild import agent, events, selecting, store
from trunkline.services.codebuild.buildspec import Buildspec, BuildspecError, parse
from trunkline.services.codebuild.logs import LogFollowers
from trunkline.services.codebuild.model import (
    FAILED,
    FAULT,
    IN_PROGRESS,
    STOPPED,
    SUCCEEDED,
    TIMED_OUT,
    Build,
    Doc,
    Report,
    ReportGroup,
    container_name,
)
from trunkline.services.codebuild.outputs import OutputError, Outputs, Progress, select_artifacts
from trunkline.services.codebuild.provisioning import Provisioning, ProvisioningError

log = get(__name__)

NAME = "codebuild.build"
_POLL_S = 0.5
_ENGINE_AWAY_S = 60.0
_NEXT = {"DOWNLOAD_SOURCE": "INSTALL", "INSTALL": "PRE_BUILD", "PRE_BUILD": "BUILD", "BUILD": "POST_BUILD"}
_DEAD = (
    "Build container found dead before completing the build. Build container died because it was out of memory, "
    "or the Docker image is not supported."
)


class Runner:
    """The workflow code, with what it works with."""

    def __init__(self, kit: Kit, engines: Engines, followers: LogFollowers) -> None:
        self._kit = kit
        self._containers = engines.containers
        self._followers = followers
        self._provisioning = Provisioning(kit, engines)
        self._outputs = Outputs(kit, engines.containers)
        self._away_since: dict[str, float] = {}

    async def run(self, wf: Workflow, given: Doc) -> None:
        """`given`: account, region, build (its id)."""
        key = (given["account"], given["region"], given["build"])
        status, code, message = SUCCEEDED, "", ""
        try:
            await wf.commit("provisioning", partial(self._enter, key=key, phase="PROVISIONING"))
            image = await wf.step("image", self._image, key)
            await wf.commit("download-source", partial(self._enter, key=key, phase="DOWNLOAD_SOURCE"))
            started = await wf.step("start", self._start, key, image)
            await wf.commit("running", partial(self._started, key=key, resolved=started["resolved"]))
            status, message = await self._watched(wf, key, given["timeout_s"])
            if not status:
                spec = parse(started["buildspec"])
                failed = await wf.step("collect", self._collect, key, started["buildspec"])
                await wf.commit("upload", partial(self._enter, key=key, phase="UPLOAD_ARTIFACTS"))
                reports = await wf.step("reports", self._reports, key, spec, wf.key("reports"))
                await wf.commit("store-reports", partial(self._keep_reports, key=key, reports=reports["reports"]))
                if not failed:
                    artifacts = await wf.step("artifacts", self._artifacts, key, spec)
                    await wf.commit("store-artifacts", partial(self._keep_artifacts, key=key, artifacts=artifacts))
                if reports["problem"]:
                    status, code, message = FAILED, "CLIENT_ERROR", reports["problem"]
                else:
                    status = FAILED if failed else SUCCEEDED
        except StepFailed as error:
            status, code, message = _failure(error)
        except Interrupted:
            status = STOPPED
        is_clean = await wf.step("clean-up", self._clean_up, key, status)
        await wf.commit("complete", partial(self._complete, key=key, status=status, code=code, message=message))
        if not is_clean:  # the container engine was away: whoever waits for the build need not wait for it
            await wf.poll("clean-up again", partial(self._removed, key), every_s=_POLL_S)

    def died(self, tx: Tx, workflow_id: str, given: Doc, why: str) -> None:
        """The workflow ended by an error of ours: the build must not look as if it went on."""
        key = (given["account"], given["region"], given["build"])
        build = store.builds.get(tx, *key)
        if build is not None and not build.complete:
            self._complete(tx, key, FAULT, "INTERNAL_ERROR", why)

    # steps -----------------------------------------------------------------------------------------------------------

    async def _image(self, key: tuple[str, str, str]) -> str:
        build = self._build(key)
        await self._followers.say(build, "Waiting for agent ping", "agent")
        return await self._provisioning.image(build)

    async def _start(self, key: tuple[str, str, str], image: str) -> Doc:
        """Fetch the sources, read the buildspec, start the container."""
        build = self._build(key)
        source = build.settings["source"]
        content, resolved = await self._provisioning.source(build, source, build.source_version)
        build.resolved_source_version = resolved or build.source_version
        text = _buildspec_text(source, content)
        spec = parse(text)
        has_docker = build.settings["environment"].get("privilegedMode")
        ecr = f"127.0.0.1:{self._kit.settings.port}" if has_docker else ""
        archives = [("/", agent.scripts(spec, ecr=ecr))]
        if content:
            archives.append(("/", await asyncio.to_thread(_unpacked, content, "codebuild/output/src")))
        versions = {
            v["sourceIdentifier"]: v["sourceVersion"] for v in build.settings.get("secondarySourceVersions", [])
        }
        for more in build.settings.get("secondarySources", []):
            name = more["sourceIdentifier"]
            extra, _ = await self._provisioning.source(build, more, versions.get(name, ""))
            archives.append(("/", await asyncio.to_thread(_unpacked, extra, f"codebuild/output/{name}")))
        environment = await self._provisioning.environment(build, spec)
        await self._provisioning.start(build, image, environment, archives)
        return {"buildspec": text, "resolved": build.resolved_source_version}

    async def _watched(self, wf: Workflow, key: tuple[str, str, str], timeout_s: float) -> tuple[str, str]:
        """Wait for the container's end: ("", "") for an end, or the status and reason of a build cut short."""
        ended = await wf.poll(
            "run", partial(self._look, key), every_s=_POLL_S, timeout_s=timeout_s, interrupt=("stop",)
        )
        if ended is None:
            return TIMED_OUT, f"Build timed out. It ran for longer than {timeout_s / 60:g} minutes."
        return ("", "") if not ended.get("problem") else (FAULT, ended["problem"])

    async def _look(self, key: tuple[str, str, str]) -> Doc | None:
        build = self._build(key)
        name = container_name(self._kit.settings.instance_id, build.id)
        try:
            container = await self._containers.inspect(name)
        except NoSuchContainer:
            return {"problem": "The build container was removed from outside while the build ran."}
        except ContainersUnavailable as error:
            since = self._away_since.setdefault(build.id, self._kit.clock.monotonic())
            if self._kit.clock.monotonic() - since > _ENGINE_AWAY_S:
                return {"problem": f"The container engine does not answer: {error}"}
            return None
        self._away_since.pop(build.id, None)
        self._followers.ensure(build)
        left = await self._outputs.left(build)
        await self._kit.db.write(partial(self._note_progress, key=key, progress=left.progress, spec=None))
        return {"ended": True} if container.state is ContainerState.EXITED else None

    async def _collect(self, key: tuple[str, str, str], text: str) -> bool:
        """Take over the end of the output and of the phases; whether the build failed in one of them."""
        build, spec = self._build(key), parse(text)
        await self._followers.drain(build)
        left = await self._outputs.left(build)

        def note(tx: Tx) -> bool:
            self._note_progress(tx, key, left.progress, spec)
            current = self._build(key, tx)
            current.exported = left.exported
            if not left.is_ended:
                self._found_dead(tx, current)
            store.builds.put(tx, current)
            return any(
                phase.status == FAILED
                and (p := spec.phases.get(phase.type.lower())) is not None
                and p.on_failure == "ABORT"
                for phase in current.phases
            ) or any(phase.code == "BUILD_CONTAINER_DEAD" for phase in current.phases)

        return await self._kit.db.write(note)

    def _found_dead(self, tx: Tx, build: Build) -> None:
        """The container was killed: fail the phase it was in, or the one that would have come next."""
        phase = build.current
        if phase is None or phase.code == "BUILD_CONTAINER_DEAD":
            return
        if phase.status != IN_PROGRESS and phase.type in _NEXT:
            build.enter(_NEXT[phase.type], self._kit.clock.now())
        self._leave(tx, build, FAILED, "BUILD_CONTAINER_DEAD", _DEAD)

    async def _reports(self, key: tuple[str, str, str], spec: Buildspec, token: str) -> Doc:
        """Read the test reports; also of a failed build, whose tests are what one wants to see."""
        build, problem, found = self._build(key), "", []
        for name, wanted in spec.reports.items():
            try:
                tests = await self._outputs.tests(build, wanted)
            except OutputError as error:
                ran = any(phase.type == "BUILD" and phase.status == SUCCEEDED for phase in build.phases)
                problem = problem or (f"The report {name} could not be processed: {error}" if ran else "")
                continue
            group = name if name.startswith("arn:") else _group_arn(build, name)
            found.append(
                {
                    "group": group,
                    "arn": f"{group.replace(':report-group/', ':report/')}:{token}",
                    "status": tests.status,
                    "counts": tests.counts,
                    "duration_ns": tests.duration_ns,
                    "cases": tests.cases,
                }
            )
        return {"reports": found, "problem": problem}

    async def _artifacts(self, key: tuple[str, str, str], spec: Buildspec) -> Doc:
        build = self._build(key)
        targets = select_artifacts(build, spec)
        placed: Doc = {}
        role = await self._provisioning.role(build) if targets else None
        for identifier, target, wanted in targets:
            label = f"artifact {identifier}" if identifier else "primary artifact"
            if wanted is None or role is None:
                raise ProvisioningError("CLIENT_ERROR", f"The buildspec does not say which files make up the {label}.")
            try:
                files = await self._outputs.artifact(build, wanted)
                placed[identifier] = await self._outputs.upload(build, role, target, files, wanted.name)
            except OutputError as error:
                raise ProvisioningError("CLIENT_ERROR", f"The {label} cannot be made: {error}") from error
            except AwsError as error:
                message = f"The {label} cannot be uploaded to {target['location']}: {error.message or error.code}"
                raise ProvisioningError("CLIENT_ERROR", message) from error
        return placed

    async def _clean_up(self, key: tuple[str, str, str], status: str) -> bool:
        """Stop and remove the container; whether nothing of it is left."""
        build = self._build(key)
        name = container_name(self._kit.settings.instance_id, build.id)
        try:
            if status in (STOPPED, TIMED_OUT):
                await self._containers.stop(name, timeout_s=1)
            if build.current is not None and build.current.type not in ("PROVISIONING", "DOWNLOAD_SOURCE"):
                await self._followers.drain(build)
        except (ContainersError, AwsError) as error:
            log.warning("a build's output could not be followed to its end", build=build.id, error=error)
        return await self._removed(key) is not None

    async def _removed(self, key: tuple[str, str, str]) -> bool | None:
        """True once the container is gone; None while the engine does not answer."""
        try:
            await self._containers.remove(container_name(self._kit.settings.instance_id, key[2]))
        except ContainersUnavailable:
            return None
        except ContainersError as error:
            log.warning("a build's container could not be removed", build=key[2], error=error)
        return True

    # commits ---------------------------------------------------------------------------------------------------------

    def _build(self, key: tuple[str, str, str], reader: Tx | None = None) -> Build:
        build = store.builds.get(reader or self._kit.db, *key)
        if build is None:
            raise LookupError(f"build {key[2]} is gone")
        return build

    def _enter(self, tx: Tx, key: tuple[str, str, str], phase: str) -> None:
        build = self._build(key, tx)
        self._leave(tx, build, SUCCEEDED)
        build.enter(phase, self._kit.clock.now())
        store.builds.put(tx, build)

    def _started(self, tx: Tx, key: tuple[str, str, str], resolved: str) -> None:
        build = self._build(key, tx)
        build.resolved_source_version = resolved
        self._leave(tx, build, SUCCEEDED)
        store.builds.put(tx, build)

    def _leave(
        self, tx: Tx, build: Build, status: str, code: str = "", message: str = "", at: datetime | None = None
    ) -> None:
        phase = build.current
        if phase is not None and phase.status == IN_PROGRESS:
            now = at or self._kit.clock.now()
            build.leave(status, now, code, message)
            self._kit.ledger.append(tx, events.phase_changed(build, phase, now))

    def _note_progress(
        self, tx: Tx, key: tuple[str, str, str], progress: list[Progress], spec: Buildspec | None
    ) -> None:
        """Bring the phases up to what the container has written; what is known already changes nothing."""
        build = self._build(key, tx)
        before = len(build.phases), build.current.status if build.current else ""
        for line in progress:
            at = datetime.fromtimestamp(line.epoch, UTC)
            known = next((phase for phase in build.phases if phase.type == line.phase), None)
            if known is None:
                build.enter(line.phase, at)
                known = build.phases[-1]
            if line.status != IN_PROGRESS and known.status == IN_PROGRESS and known is build.current:
                failed = line.status == FAILED
                if failed and spec is None:
                    break  # the reason needs the buildspec: told when the container has ended
                message = _command_message(spec, line) if failed and spec else ""
                self._leave(tx, build, line.status, "COMMAND_EXECUTION_ERROR" if failed else "", message, at)
        if (len(build.phases), build.current.status if build.current else "") != before:
            store.builds.put(tx, build)

    def _keep_reports(self, tx: Tx, key: tuple[str, str, str], reports: list[Doc]) -> None:
        build, now = self._build(key, tx), self._kit.clock.now()
        for found in reports:
            name = found["group"].rpartition("/")[2]
            if store.groups.get(tx, build.account, build.region, name) is None:
                store.groups.put(tx, ReportGroup(build.account, build.region, name, found["group"], "TEST", now))
            report = Report(
                build.account, build.region, found["group"], found["arn"], found["arn"].rpartition(":")[2], build.arn,
                found["status"], now, found["counts"], found["duration_ns"], found["cases"],
            )  # fmt: skip
            store.reports.put(tx, report)
            build.reports.append(found["arn"])
        store.builds.put(tx, build)

    def _keep_artifacts(self, tx: Tx, key: tuple[str, str, str], artifacts: Doc) -> None:
        build = self._build(key, tx)
        build.artifacts = artifacts
        store.builds.put(tx, build)

    def _complete(self, tx: Tx, key: tuple[str, str, str], status: str, code: str, message: str) -> None:
        build, now = self._build(key, tx), self._kit.clock.now()
        if build.complete:
            return
        current = build.current
        failed_here = status != SUCCEEDED and not any(p.status not in (SUCCEEDED, IN_PROGRESS) for p in build.phases)
        if failed_here and current is not None and current.status != IN_PROGRESS:
            current.status, current.code, current.message = status, code, message
        self._leave(tx, build, status if failed_here else SUCCEEDED, code, message)
        build.enter("FINALIZING", now)
        self._leave(tx, build, SUCCEEDED)
        build.enter("COMPLETED", now)
        build.leave(SUCCEEDED, now)
        build.status, build.ended = status, now
        store.builds.put(tx, build)
        self._kit.ledger.append(tx, events.state_changed(build, now))


def _failure(error: StepFailed) -> tuple[str, str, str]:
    """The status, code and sentence of a step that could not be done."""
    if error.kind == "ProvisioningError":
        return FAILED, error.code or "CLIENT_ERROR", error.message
    if error.kind == "BuildspecError":
        return FAILED, "YAML_FILE_ERROR", error.message
    return FAULT, "INTERNAL_ERROR", error.message or str(error)


def _command_message(spec: Buildspec, line: Progress) -> str:
    phase = spec.phases.get(line.phase.lower())
    commands = phase.commands if phase else []
    if line.command == -1 and phase is not None:
        return f"Error while executing the finally block of {line.phase}. Reason: exit status {line.code}"
    command = commands[line.command - 1] if 0 < line.command <= len(commands) else line.phase
    return f"Error while executing command: {command.strip()}. Reason: exit status {line.code}"


def _buildspec_text(source: Doc, content: bytes) -> str:
    """The buildspec: inline, or a file of the source."""
    given: str = source.get("buildspec", "")
    if "\n" in given or given.lstrip().startswith("{"):
        return given
    path = given or "buildspec.yml"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            name = path.removeprefix("./")
            if archive.getinfo(name).file_size > yaml_text.MAX_BYTES:
                raise BuildspecError(f"The file {path} is too large for a buildspec.")
            return archive.read(name).decode()
    except KeyError as error:
        raise BuildspecError(f"YAML file does not exist: the source has no {path}.") from error
    except UnicodeDecodeError as error:
        raise BuildspecError(f"The file {path} is not text.") from error
    except selecting.UNREADABLE as error:
        raise ProvisioningError("CLIENT_ERROR", "The source is not a zip archive that can be read.") from error


def _unpacked(content: bytes, folder: str) -> bytes:
    try:
        return selecting.zip_to_tar(content, folder)
    except ValueError as error:
        raise ProvisioningError("CLIENT_ERROR", f"The source cannot be unpacked: {error}.") from error


def _group_arn(build: Build, name: str) -> str:
    return arn("codebuild", build.region, build.account, f"report-group/{build.project}-{name}")


def new_build_id(project: str) -> str:
    """AWS's form: project:uuid."""
    return f"{project}:{ids.uuid()}"
