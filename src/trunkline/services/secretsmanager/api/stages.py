"""UpdateSecretVersionStage."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part
from trunkline.services.secretsmanager.model import CURRENT, Secret, Version, move_stage


class StageOperations(Part):
    """Moving a staging label by hand."""

    @operation(RESOURCE)
    async def update_secret_version_stage(self, call: Call, req: Doc) -> Doc:
        stage, now = req["VersionStage"], self._clock.now()
        source_id, target_id = req.get("RemoveFromVersionId"), req.get("MoveToVersionId")

        def write(tx: Tx) -> Secret:
            item = store.secret(tx, call, req["SecretId"], now)
            versions = store.versions(tx, item)
            holder = next((version for version in versions if stage in version.stages), None)
            target = _version(versions, target_id)
            source = _version(versions, source_id)
            if source is not None and stage not in source.stages:
                raise AwsError(
                    "InvalidParameterException",
                    f"Staging label {stage} is not attached to version {source_id}.",
                )
            if target is None and stage == CURRENT:
                raise AwsError("InvalidParameterException", f"You can only move staging label {CURRENT} to a version.")
            if holder is not None and holder is not target and source is not holder:
                raise AwsError(
                    "InvalidParameterException",
                    f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to "
                    f"version {holder.id}, so you must explicitly reference that version in RemoveFromVersionId.",
                )
            move_stage(versions, stage, target)
            store.keep(tx, versions)
            item.changed = now
            store.SECRETS.put(tx, item)
            return item

        item = await self._db.write(write)
        return {"ARN": item.arn, "Name": item.name}


def _version(versions: list[Version], version_id: str | None) -> Version | None:
    if version_id is None:
        return None
    found = next((version for version in versions if version.id == version_id), None)
    if found is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for VersionId: {version_id}",
        )
    return found
