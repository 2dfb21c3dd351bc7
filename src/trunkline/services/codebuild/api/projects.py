"""Projects: create, read, change, delete, list."""

import copy

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.codebuild import store, validation
from trunkline.services.codebuild.api.support import PROJECT, Group, listed, project
from trunkline.services.codebuild.described import project_document
from trunkline.services.codebuild.model import Doc, Project

_APART = ("name", "tags")


def _many(call: Call, req: Doc) -> list[str]:
    return [call.arn(f"project/{name.rpartition('/')[2]}") for name in req["names"]]


class Projects(Group):
    """https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Operations.html"""

    @operation(PROJECT)
    async def create_project(self, call: Call, req: Doc) -> Doc:
        validation.check_name(req["name"])
        req = await self._with_role(call, req)
        settings = validation.check(copy.deepcopy({k: v for k, v in req.items() if k not in _APART}))
        given = tags.normalise(req.get("tags"), error="InvalidInputException")
        now = self._kit.clock.now()
        settings.setdefault("encryptionKey", call.arn("alias/aws/s3", service="kms"))
        made = Project(
            call.account, call.region, req["name"], call.arn(f"project/{req['name']}"), now, now, settings, given
        )
        try:
            await self._db.write(lambda tx: store.projects.insert(tx, made))
        except AlreadyExists as error:
            raise AwsError("ResourceAlreadyExistsException", f"Project already exists: {made.arn}") from error
        return {"project": project_document(made)}

    async def _with_role(self, call: Call, req: Doc) -> Doc:
        """A service role may be given by its name alone, as many templates do."""
        given = req.get("serviceRole", "arn:")
        if given.startswith("arn:"):
            return req
        as_ = Caller.service("codebuild.amazonaws.com", call.account, call.region)
        try:
            found = await self._kit.call("iam", "GetRole", {"RoleName": given}, as_=as_)
        except AwsError as error:
            raise validation.invalid(f"Invalid service role: {given}") from error
        return {**req, "serviceRole": found["Role"]["Arn"]}

    @operation(PROJECT)
    async def update_project(self, call: Call, req: Doc) -> Doc:
        """Members that are given replace those that were."""
        given = tags.normalise(req.get("tags"), error="InvalidInputException")
        req = await self._with_role(call, req)

        def update(tx: Tx) -> Project:
            found = project(tx, call, req["name"])
            changes = {key: value for key, value in req.items() if key not in _APART}
            found.settings = validation.check(copy.deepcopy({**found.settings, **changes}))
            found.tags = given if "tags" in req else found.tags
            found.modified = self._kit.clock.now()
            store.projects.put(tx, found)
            return found

        return {"project": project_document(await self._db.write(update))}

    @operation(PROJECT)
    async def delete_project(self, call: Call, req: Doc) -> Doc:
        """Deleting one that is not there is no error, as on AWS. Builds under way go on to their end."""
        await self._db.write(lambda tx: store.projects.delete(tx, call.account, call.region, req["name"]))
        return {}

    @operation(_many)
    async def batch_get_projects(self, call: Call, req: Doc) -> Doc:
        found, missing = [], []
        for name in req["names"]:
            one = store.projects.get(self._db, call.account, call.region, name.rpartition("/")[2])
            if one is None:
                missing.append(name)
            else:
                found.append(project_document(one))
        return {"projects": found, "projectsNotFound": missing}

    @operation()
    async def list_projects(self, call: Call, req: Doc) -> Doc:
        found = store.projects.find(self._db, prefix=(call.account, call.region))
        by = {"NAME": "name", "CREATED_TIME": "created", "LAST_MODIFIED_TIME": "modified"}[req.get("sortBy", "NAME")]
        found.sort(key=lambda one: (getattr(one, by), one.name), reverse=req.get("sortOrder") == "DESCENDING")
        return listed([one.name for one in found], req, "projects")

    @operation("arn:aws:codebuild:{region}:{account}:project/{projectName}")
    async def invalidate_project_cache(self, call: Call, req: Doc) -> Doc:
        """There is no cache of ours to empty: Docker's own layers are shared by all builds of the machine."""
        project(self._db, call, req["projectName"])
        return {}

    @operation()
    async def list_curated_environment_images(self, call: Call, req: Doc) -> Doc:
        images: list[Doc] = [
            {"name": name, "description": f"{name}, run here as trunkline/codebuild:3", "versions": []}
            for name in ("aws/codebuild/standard:7.0", "aws/codebuild/amazonlinux2-x86_64-standard:5.0")
        ]
        languages = [{"language": "PYTHON", "images": images}]
        return {"platforms": [{"platform": "DEBIAN", "languages": languages}]}
