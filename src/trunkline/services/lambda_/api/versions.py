"""Published versions: snapshots of a function that never change."""

import copy
from datetime import datetime

from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.lambda_ import configuration, naming, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.model import LATEST, Function, Version
from trunkline.services.lambda_.naming import check_revision, invalid, named

_PAGE = 50


def publish(tx: Tx, function: Function, latest: Version, now: datetime, description: str | None = None) -> Version:
    """A snapshot of $LATEST; the last one again if nothing has changed since."""
    key = (function.account, function.region, function.name)
    last = store.VERSIONS.get(tx, *key, str(function.last_version)) if function.last_version else None
    if last is not None and _runs_the_same(last, latest):
        return last
    made = copy.deepcopy(latest)
    function.last_version += 1
    made.number, made.revision, made.modified = str(function.last_version), ids.uuid(), now
    if description is not None:
        made.config["Description"] = description
    store.VERSIONS.put(tx, made)
    store.FUNCTIONS.put(tx, function)
    return made


def _runs_the_same(one: Version, other: Version) -> bool:
    def what(version: Version) -> tuple[Doc, str, list[str]]:
        config = {key: value for key, value in version.config.items() if key != "Description"}
        return config, version.code.sha256, [layer.arn for layer in version.layers]

    return what(one) == what(other)


class Versions(Operations):
    @operation(naming.resource)
    async def publish_version(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        now = self.kit.clock.now()

        def write(tx: Tx) -> Doc:
            latest = self.latest(name, tx)
            check_revision(req.get("RevisionId"), latest.revision)
            if req.get("CodeSha256") and req["CodeSha256"] != latest.code.sha256:
                raise invalid(
                    f"CodeSHA256 ({req['CodeSha256']}) is different from current CodeSHA256 in $LATEST "
                    f"({latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST."
                )
            return configuration.described(publish(tx, self.function(name, tx), latest, now, req.get("Description")))

        return await self.kit.db.write(write)

    @operation(naming.resource)
    async def list_versions_by_function(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        self.function(name)
        found = store.VERSIONS.find(self.kit.db, prefix=(name.account, name.region, name.name))
        chosen, marker = page(
            found,
            min(req.get("MaxItems", _PAGE), _PAGE),
            req.get("Marker"),
            key=lambda version: "" if version.number == LATEST else version.number.zfill(10),
            error="InvalidParameterValueException",
        )
        described = [configuration.described(version, qualified=version.number) for version in chosen]
        return {"Versions": described, "NextMarker": marker}
