"""Aliases."""

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.kms import store
from trunkline.services.kms.api.part import Part
from trunkline.services.kms.model import Alias

ALIAS = "arn:aws:kms:{region}:{account}:{AliasName}"


def _check_name(name: str) -> None:
    if not name.startswith("alias/") or name == "alias/":
        raise AwsError(
            "ValidationException",
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        )
    if name.startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", "", status=400)


def _missing(call: Call, name: str) -> AwsError:
    return AwsError("NotFoundException", f"Alias {arns.arn('kms', call.region, call.account, name)} is not found.")


class AliasOperations(Part):
    """CreateAlias and its like."""

    @operation(ALIAS)
    async def create_alias(self, call: Call, req: Doc) -> None:
        name, now = req["AliasName"], self._clock.now()
        _check_name(name)

        def write(tx: Tx) -> None:
            key = store.key(tx, call, req["TargetKeyId"], now)
            key.check_not_pending()
            try:
                store.ALIASES.insert(tx, Alias(call.account, call.region, name, key.id, now, now))
            except AlreadyExists:
                arn = arns.arn("kms", call.region, call.account, name)
                raise AwsError("AlreadyExistsException", f"An alias with the name {arn} already exists") from None

        await self._db.write(write)

    @operation(ALIAS)
    async def update_alias(self, call: Call, req: Doc) -> None:
        name, now = req["AliasName"], self._clock.now()
        _check_name(name)

        def write(tx: Tx) -> None:
            alias = store.ALIASES.get(tx, call.account, call.region, name)
            if alias is None:
                raise _missing(call, name)
            old = store.KEYS.get(tx, call.account, call.region, alias.key_id)
            new = store.key(tx, call, req["TargetKeyId"], now)
            if old is not None and (old.usage, old.spec == new.spec) != (new.usage, True):
                raise AwsError("ValidationException", f"Alias {name} cannot be changed from {old.usage} to {new.usage}")
            alias.key_id, alias.updated = new.id, now
            store.ALIASES.put(tx, alias)

        await self._db.write(write)

    @operation(ALIAS)
    async def delete_alias(self, call: Call, req: Doc) -> None:
        name = req["AliasName"]
        _check_name(name)

        def write(tx: Tx) -> None:
            if not store.ALIASES.delete(tx, call.account, call.region, name):
                raise _missing(call, name)

        await self._db.write(write)

    @operation()
    async def list_aliases(self, call: Call, req: Doc) -> Doc:
        aliases = store.ALIASES.find(self._db, prefix=(call.account, call.region))
        if "KeyId" in req:
            key = store.key(self._db, call, req["KeyId"], self._clock.now())
            aliases = [alias for alias in aliases if alias.key_id == key.id]
        chosen, marker = page(
            aliases, req.get("Limit", 50), req.get("Marker"), key=lambda a: a.name, error="InvalidMarkerException"
        )
        listed = [
            {
                "AliasName": alias.name,
                "AliasArn": arns.arn("kms", alias.region, alias.account, alias.name),
                "TargetKeyId": alias.key_id,
                "CreationDate": alias.created,
                "LastUpdatedDate": alias.updated,
            }
            for alias in chosen
        ]
        return {"Aliases": listed, "Truncated": marker is not None, "NextMarker": marker}
