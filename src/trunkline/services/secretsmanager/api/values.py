"""GetSecretValue, BatchGetSecretValue, GetRandomPassword."""

from trunkline.aws.errors import AwsError
from trunkline.aws.identity import denied
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part
from trunkline.services.secretsmanager.filters import matches
from trunkline.services.secretsmanager.model import CURRENT, Secret, Version
from trunkline.services.secretsmanager.passwords import random_password


class ValueOperations(Part):
    """What answers values."""

    @operation(RESOURCE)
    async def get_secret_value(self, call: Call, req: Doc) -> Doc:
        owner = store.secret(self._db, call, req["SecretId"], self._clock.now())
        return await self._value(call, owner, req)

    async def _value(self, call: Call, owner: Secret, req: Doc) -> Doc:
        version = self._chosen(owner, req.get("VersionId"), req.get("VersionStage"))
        if not version.sealed:
            raise _no_value(f"VersionId: {version.id}")
        value = await self._envelope.open(call, owner.arn, version.id, version.sealed)
        await self._note_access(owner)
        return {
            "ARN": owner.arn,
            "Name": owner.name,
            "VersionId": version.id,
            "SecretBinary": value if version.binary else None,
            "SecretString": None if version.binary else value.decode(),
            "VersionStages": version.stages,
            "CreatedDate": version.created,
        }

    def _chosen(self, owner: Secret, version_id: str | None, stage: str | None) -> Version:
        if version_id is not None:
            found = store.VERSIONS.get(self._db, owner.account, owner.region, owner.name, version_id)
            if found is None:
                raise _no_value(f"VersionId: {version_id}")
            if stage is not None and stage not in found.stages:
                raise AwsError(
                    "InvalidRequestException",
                    "You provided a VersionStage that is not associated to the provided VersionId.",
                )
            return found
        wanted = stage or CURRENT
        for version in store.versions(self._db, owner):
            if wanted in version.stages:
                return version
        raise _no_value(f"staging label: {wanted}")

    async def _note_access(self, owner: Secret) -> None:
        """LastAccessedDate is a day: one write a day."""
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        if owner.accessed is not None and owner.accessed >= today:
            return

        def write(tx: Tx) -> None:
            item = store.SECRETS.get(tx, owner.account, owner.region, owner.name)
            if item is not None:
                item.accessed = today
                store.SECRETS.put(tx, item)

        await self._db.write(write)

    @operation()
    async def batch_get_secret_value(self, call: Call, req: Doc) -> Doc:
        if ("SecretIdList" in req) == ("Filters" in req):
            raise AwsError(
                "InvalidParameterException", "Either SecretIdList or Filters must be provided, but not both."
            )
        if "SecretIdList" in req:
            if "MaxResults" in req:
                raise AwsError("InvalidParameterException", "MaxResults goes with Filters, not with SecretIdList.")
            return await self._batch(call, req["SecretIdList"], None)
        found = [
            item
            for item in store.SECRETS.find(self._db, prefix=(call.account, call.region))
            if item.deleted is None and matches(item, req["Filters"])
        ]
        chosen, token = page(found, req.get("MaxResults", 20), req.get("NextToken"), key=lambda s: s.name)
        return await self._batch(call, [item.arn for item in chosen], token)

    async def _batch(self, call: Call, secret_ids: list[str], token: str | None) -> Doc:
        """Each secret by itself: what the caller may not read, or is not there, is an error beside the others."""
        values, errors = [], []
        for secret_id in secret_ids:
            try:
                self._check_read(call, secret_id)
                owner = store.secret(self._db, call, secret_id, self._clock.now())
                values.append(await self._value(call, owner, {}))
            except AwsError as error:
                errors.append({"SecretId": secret_id, "ErrorCode": error.code, "Message": error.message})
        return {"SecretValues": values, "Errors": errors, "NextToken": token}

    def _check_read(self, call: Call, secret_id: str) -> None:
        access = self.access(call, {"SecretId": secret_id})
        decision = self._call.authorizer.decide(
            call.caller,
            "secretsmanager:GetSecretValue",
            access.resources or ("*",),
            access.context,
            resource_policies=access.policies,
            resource_account=access.account,
        )
        if not decision.allowed:
            raise denied(decision, "json")

    @operation()
    async def get_random_password(self, call: Call, req: Doc) -> Doc:
        return {"RandomPassword": random_password(req)}


def _no_value(which: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {which}")
