"""Application revisions: registered by hand, or by the first deployment that uses them."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, operation
from trunkline.core.db import Tx
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.api.applications import ARN
from trunkline.services.codedeploy.model import Doc, Revision, revision_key

_SORT = {"registerTime": "registered_at", "firstUsedTime": "first_used_at", "lastUsedTime": "last_used_at"}
_NEVER = datetime.min.replace(tzinfo=UTC)


class Revisions(found.Operations):
    @operation(ARN)
    async def register_application_revision(self, call: Call, req: Doc) -> None:
        location = found.revision(req["revision"])

        def register(tx: Tx) -> None:
            application = found.application(tx, call, req["applicationName"])
            store.register(tx, application, location, self.kit.clock.now(), description=req.get("description", ""))

        await self.kit.db.write(register)

    @operation(ARN)
    async def get_application_revision(self, call: Call, req: Doc) -> Doc:
        name = req["applicationName"]
        found.application(self.kit.db, call, name)
        revision = self._registered(call, name, found.revision(req["revision"]))
        if revision is None:
            raise AwsError("RevisionDoesNotExistException", "The revision is not registered with the application.")
        return {"applicationName": name, "revision": revision.location, "revisionInfo": revision.described()}

    @operation(ARN)
    async def batch_get_application_revisions(self, call: Call, req: Doc) -> Doc:
        name = req["applicationName"]
        found.application(self.kit.db, call, name)
        locations = [found.revision(one) for one in found.limited(req["revisions"], most=25)]
        known = [one for one in (self._registered(call, name, location) for location in locations) if one]
        infos = [{"revisionLocation": one.location, "genericRevisionInfo": one.described()} for one in known]
        missing = len(locations) - len(known)
        message = f"{missing} of the revisions are not registered with the application." if missing else None
        return {"applicationName": name, "revisions": infos, "errorMessage": message}

    @operation(ARN)
    async def list_application_revisions(self, call: Call, req: Doc) -> Doc:
        name = req["applicationName"]
        found.application(self.kit.db, call, name)
        if req.get("s3KeyPrefix") and not req.get("s3Bucket"):
            raise AwsError("BucketNameFilterRequiredException", "A filter by key prefix needs an s3Bucket.")
        revisions = store.revisions.find(self.kit.db, prefix=(call.account, call.region, name))
        chosen = [one for one in revisions if _wanted(one, req)]
        attribute = _SORT[req.get("sortBy", "registerTime")]
        shown, token = page(
            chosen,
            found.PAGE,
            req.get("nextToken"),
            key=lambda one: f"{(getattr(one, attribute) or _NEVER).isoformat()} {one.key}",
            reverse=req.get("sortOrder", "descending") == "descending",
        )
        return {"revisions": [one.location for one in shown], "nextToken": token}

    def _registered(self, call: Call, application: str, location: Doc) -> Revision | None:
        return store.revisions.get(self.kit.db, call.account, call.region, application, revision_key(location))


def _wanted(revision: Revision, req: Doc) -> bool:
    place = revision.location.get("s3Location") or {}
    if req.get("s3Bucket") and place.get("bucket") != req["s3Bucket"]:
        return False
    if req.get("s3KeyPrefix") and not str(place.get("key", "")).startswith(req["s3KeyPrefix"]):
        return False
    deployed = req.get("deployed", "ignore")
    return bool(deployed == "ignore" or (deployed == "include") == bool(revision.groups))
