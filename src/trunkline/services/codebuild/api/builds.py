"""Builds: start, stop, retry, look at, delete."""

import copy

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, operation
from trunkline.core.db import Tx
from trunkline.services.codebuild import events, store, validation
from trunkline.services.codebuild.api.support import Group, listed, project
from trunkline.services.codebuild.described import build_document
from trunkline.services.codebuild.model import SUCCEEDED, Build, Doc, Project, workflow_id
from trunkline.services.codebuild.workflow import NAME, new_build_id

_TOKEN_S = 300
_OVERRIDES = {
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "logsConfigOverride": "logsConfig",
}
_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "buildspecOverride": "buildspec",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
}
_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "privilegedModeOverride": "privilegedMode",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
}
_REFUSED = ("debugSessionEnabled", "fleetOverride", "registryCredentialOverride", "certificateOverride")


def _of_builds(call: Call, req: Doc) -> list[str]:
    return [call.arn(f"project/{_project_of(build_id)}") for build_id in req["ids"]]


def _of_build(call: Call, req: Doc) -> str:
    return call.arn(f"project/{_project_of(str(req.get('id', '*')))}")


def _project_of(build_id: str) -> str:
    return _plain(build_id).split(":", 1)[0]


def _plain(build_id: str) -> str:
    return build_id.rpartition("build/")[2] if build_id.startswith("arn:") else build_id


class Builds(Group):
    """https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Operations.html"""

    @operation("arn:aws:codebuild:{region}:{account}:project/{projectName}")
    async def start_build(self, call: Call, req: Doc) -> Doc:
        """Start a build; the same idempotency token within five minutes starts it once."""
        for member in _REFUSED:
            if req.get(member):
                raise validation.invalid(f"{member} is not supported by Trunkline: leave it out.")
        return {"build": build_document(await self._db.write(lambda tx: self._start(tx, call, req)))}

    def _start(self, tx: Tx, call: Call, req: Doc) -> Build:
        owner = project(tx, call, req["projectName"])
        now = self._kit.clock.now()
        token = f"{call.account}/{owner.name}/{req['idempotencyToken']}" if req.get("idempotencyToken") else ""
        if token:
            for earlier in store.builds.find(tx, prefix=(call.account, call.region), token=token):
                if (now - earlier.started).total_seconds() < _TOKEN_S:
                    return earlier
        settings = _overridden(owner, req)
        if settings["source"]["type"] == "CODEPIPELINE":
            raise validation.invalid("A project whose source is CODEPIPELINE is started by its pipeline.")
        owner.last_build += 1
        store.projects.put(tx, owner)
        build_id = new_build_id(owner.name)
        build = Build(
            call.account, call.region, build_id, owner.name, owner.last_build, call.arn(f"build/{build_id}"), now,
            _initiator(call), settings, source_version=req.get("sourceVersion") or settings.get("sourceVersion", ""),
            token=token,
        )  # fmt: skip
        build.enter("SUBMITTED", now)
        build.leave(SUCCEEDED, now)
        build.enter("QUEUED", now)
        store.builds.insert(tx, build)
        self._kit.ledger.append(tx, events.state_changed(build, now))
        given = {
            "account": build.account,
            "region": build.region,
            "build": build.id,
            "timeout_s": settings["timeoutInMinutes"] * 60,
        }
        self._workflows.start_in(tx, NAME, workflow_id(build.id), given)
        return build

    @operation(_of_build)
    async def retry_build(self, call: Call, req: Doc) -> Doc:
        """A new build with the settings of an ended one."""
        if "id" not in req:
            raise validation.invalid("The id of the build to retry is missing.")
        earlier = self._build(call, req["id"])
        if not earlier.complete:
            raise validation.invalid(f"Build {earlier.id} is still running.")
        again: Doc = {"projectName": earlier.project, "idempotencyToken": req.get("idempotencyToken", "")}

        def start(tx: Tx) -> Build:
            build = self._start(tx, call, {**again, "sourceVersion": earlier.source_version})
            build.settings = copy.deepcopy(earlier.settings)
            store.builds.put(tx, build)
            return build

        return {"build": build_document(await self._db.write(start))}

    @operation(_of_build)
    async def stop_build(self, call: Call, req: Doc) -> Doc:
        build = self._build(call, req["id"])
        if not build.complete:
            await self._workflows.send(workflow_id(build.id), "stop", {}, "stop")
        return {"build": build_document(build)}

    @operation(_of_builds)
    async def batch_get_builds(self, call: Call, req: Doc) -> Doc:
        found, missing = [], []
        for build_id in req["ids"]:
            build = store.builds.get(self._db, call.account, call.region, _plain(build_id))
            if build is None:
                missing.append(build_id)
            else:
                found.append(build_document(build))
        return {"builds": found, "buildsNotFound": missing}

    @operation(_of_builds)
    async def batch_delete_builds(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> Doc:
            deleted, kept = [], []
            for given in req["ids"]:
                build = store.builds.get(tx, call.account, call.region, _plain(given))
                if build is None or not build.complete:
                    kept.append(
                        {"id": given, "statusCode": "BUILD_NOT_FOUND" if build is None else "BUILD_IN_PROGRESS"}
                    )
                else:
                    store.builds.delete(tx, call.account, call.region, build.id)
                    deleted.append(given)
            return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

        return await self._db.write(delete)

    @operation()
    async def list_builds(self, call: Call, req: Doc) -> Doc:
        found = store.newest_first(store.builds.find(self._db, prefix=(call.account, call.region)))
        return listed(_ordered(found, req), req, "ids")

    @operation("arn:aws:codebuild:{region}:{account}:project/{projectName}")
    async def list_builds_for_project(self, call: Call, req: Doc) -> Doc:
        owner = project(self._db, call, req["projectName"])
        found = store.of_project(self._db, call.account, call.region, owner.name)
        return listed(_ordered(found, req), req, "ids")

    def _build(self, call: Call, build_id: str) -> Build:
        found = store.builds.get(self._db, call.account, call.region, _plain(build_id))
        if found is None:
            raise AwsError("ResourceNotFoundException", f"Build cannot be found: {build_id}")
        return found


def _ordered(found: list[Build], req: Doc) -> list[str]:
    names = [build.id for build in found]
    return list(reversed(names)) if req.get("sortOrder") == "ASCENDING" else names


def _overridden(owner: Project, req: Doc) -> Doc:
    settings = copy.deepcopy(owner.settings)
    for given, member in _OVERRIDES.items():
        if given in req:
            settings[member] = copy.deepcopy(req[given])
    for overrides, part in ((_SOURCE, "source"), (_ENVIRONMENT, "environment")):
        for given, member in overrides.items():
            if given in req:
                settings[part][member] = req[given]
    if "environmentVariablesOverride" in req:
        merged = {variable["name"]: variable for variable in settings["environment"].get("environmentVariables", [])}
        merged |= {variable["name"]: variable for variable in req["environmentVariablesOverride"]}
        settings["environment"]["environmentVariables"] = list(merged.values())
    if settings["source"]["type"] != "CODEPIPELINE" and settings["artifacts"]["type"] == "CODEPIPELINE":
        settings["artifacts"] = {"type": "NO_ARTIFACTS"}
    return settings if settings["source"]["type"] == "CODEPIPELINE" else validation.check(settings)


def _initiator(call: Call) -> str:
    caller = call.caller
    if caller.user_agent.startswith("codepipeline/"):
        return caller.user_agent
    if caller.principal.kind == "role":
        return f"{caller.principal.name}/{caller.principal.id.partition(':')[2]}"
    return caller.principal.name or caller.principal.arn
