"""DeleteSecret and RestoreSecret."""

from datetime import datetime, timedelta

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part
from trunkline.services.secretsmanager.model import Secret


class DeletionOperations(Part):
    """Deletion, with a window in which it can be undone."""

    @operation(RESOURCE)
    async def delete_secret(self, call: Call, req: Doc) -> Doc:
        now = self._clock.now()
        force = req.get("ForceDeleteWithoutRecovery", False)
        if force and "RecoveryWindowInDays" in req:
            raise AwsError(
                "InvalidParameterException",
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            )
        days = 0 if force else req.get("RecoveryWindowInDays", 30)
        if not force and not 7 <= days <= 30:
            raise AwsError(
                "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
            )

        def write(tx: Tx) -> Secret | None:
            _purge(tx, call, self._clock.now())
            if force:
                # AWS answers a forced deletion of nothing as done: it is asked for to make sure.
                found = store.find(tx, call, req["SecretId"], now)
                if found is not None:
                    store.remove(tx, found)
                return found
            item = store.secret(tx, call, req["SecretId"], now)
            item.deleted, item.gone = now, now + timedelta(days=days)
            store.SECRETS.put(tx, item)
            return item

        item = await self._db.write(write)
        if item is None:
            where = store.place(call, req["SecretId"])
            arn = where.arn or f"arn:aws:secretsmanager:{where.region}:{where.account}:secret:{where.name}"
            return {"ARN": arn, "Name": where.name, "DeletionDate": now}
        return {"ARN": item.arn, "Name": item.name, "DeletionDate": now if force else item.gone}

    @operation(RESOURCE)
    async def restore_secret(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Secret:
            item = store.secret(tx, call, req["SecretId"], self._clock.now(), deleted=True)
            item.deleted = item.gone = None
            store.SECRETS.put(tx, item)
            return item

        item = await self._db.write(write)
        return {"ARN": item.arn, "Name": item.name}


def _purge(tx: Tx, call: Call, now: datetime) -> None:
    """Remove the secrets of a region whose recovery window is over, with their values."""
    for item in store.SECRETS.find(tx, prefix=(call.account, call.region)):
        if item.gone is not None and item.gone <= now:
            store.remove(tx, item)
