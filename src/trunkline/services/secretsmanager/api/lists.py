"""DescribeSecret, ListSecrets, ListSecretVersionIds."""

from datetime import UTC, datetime

from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import pairs
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part
from trunkline.services.secretsmanager.filters import matches
from trunkline.services.secretsmanager.model import Secret


class ListOperations(Part):
    """What tells of secrets without their values."""

    def _described(self, item: Secret, stages_member: str) -> Doc:
        stages = {v.id: v.stages for v in store.versions(self._db, item) if v.stages}
        return {
            "ARN": item.arn,
            "Name": item.name,
            "Description": item.description or None,
            "KmsKeyId": item.key_id or None,
            **_rotation(item),
            "LastChangedDate": item.changed,
            "LastAccessedDate": item.accessed,
            "DeletedDate": item.deleted,
            "Tags": pairs(item.tags),
            stages_member: stages or None,
            "CreatedDate": item.created,
        }

    @operation(RESOURCE)
    async def describe_secret(self, call: Call, req: Doc) -> Doc:
        item = store.secret(self._db, call, req["SecretId"], self._clock.now(), deleted=True)
        return self._described(item, "VersionIdsToStages")

    @operation()
    async def list_secrets(self, call: Call, req: Doc) -> Doc:
        now = self._clock.now()
        planned = req.get("IncludePlannedDeletion", False)
        found = [
            item
            for item in store.SECRETS.find(self._db, prefix=(call.account, call.region))
            if (item.gone is None or (planned and item.gone > now)) and matches(item, req.get("Filters", ()))
        ]
        sort_by = req.get("SortBy", "created-date")

        def key(item: Secret) -> str:
            when = {"created-date": item.created, "last-changed-date": item.changed}.get(sort_by, item.accessed)
            return item.name if sort_by == "name" else f"{when.isoformat() if when else ''} {item.name}"

        chosen, token = page(
            found, req.get("MaxResults", 100), req.get("NextToken"), key=key, reverse=req.get("SortOrder") == "desc"
        )
        return {"SecretList": [self._described(item, "SecretVersionsToStages") for item in chosen], "NextToken": token}

    @operation(RESOURCE)
    async def list_secret_version_ids(self, call: Call, req: Doc) -> Doc:
        item = store.secret(self._db, call, req["SecretId"], self._clock.now(), deleted=True)
        found = [v for v in store.versions(self._db, item) if v.stages or req.get("IncludeDeprecated")]
        chosen, token = page(
            found,
            req.get("MaxResults", 100),
            req.get("NextToken"),
            key=lambda v: f"{v.created.isoformat()} {v.id}",
            reverse=True,
        )
        versions = [
            {
                "VersionId": version.id,
                "VersionStages": version.stages or None,
                "CreatedDate": version.created,
                "KmsKeyIds": [item.key_id or "DefaultEncryptionKey"],
            }
            for version in chosen
        ]
        return {"Versions": versions, "NextToken": token, "ARN": item.arn, "Name": item.name}


def _rotation(item: Secret) -> Doc:
    """What is told of it, once it was set up."""
    rotation = item.rotation
    if rotation is None:
        return {}
    due = None if rotation.next_at is None else datetime.fromtimestamp(rotation.next_at, UTC)
    return {
        "RotationEnabled": rotation.enabled,
        "RotationLambdaARN": rotation.function,
        "RotationRules": rotation.rules or None,
        "LastRotatedDate": rotation.last,
        "NextRotationDate": due,
    }
