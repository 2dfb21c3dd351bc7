"""Enabling, disabling and deleting keys."""

from datetime import timedelta

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.kms import store
from trunkline.services.kms.api.keys import purge
from trunkline.services.kms.api.part import KEY, Part
from trunkline.services.kms.model import PRIMARY, REPLICA, Key


class StateOperations(Part):
    """EnableKey, ScheduleKeyDeletion and their like."""

    @operation(KEY)
    async def enable_key(self, call: Call, req: Doc) -> None:
        await self._set_enabled(call, req["KeyId"], enabled=True)

    @operation(KEY)
    async def disable_key(self, call: Call, req: Doc) -> None:
        await self._set_enabled(call, req["KeyId"], enabled=False)

    async def _set_enabled(self, call: Call, key_id: str, *, enabled: bool) -> None:
        def change(key: Key) -> None:
            key.check_own()
            key.check_not_pending()
            key.enabled = enabled

        await self._change(call, key_id, change)

    @operation(KEY)
    async def schedule_key_deletion(self, call: Call, req: Doc) -> Doc:
        days = req.get("PendingWindowInDays", 30)
        if not 7 <= days <= 30:
            raise AwsError("ValidationException", "PendingWindowInDays must be between 7 and 30 (inclusive)")
        now = self._clock.now()

        def write(tx: Tx) -> Key:
            purge(tx, call.account, call.region, now)
            key = store.key(tx, call, req["KeyId"], now)
            key.check_own()
            key.check_not_pending()
            if key.multi == PRIMARY and any(
                one.multi == REPLICA and one.deletion is None for one in store.related(tx, key)
            ):
                raise AwsError(
                    "KMSInvalidStateException", f"{key.arn} has replica keys: schedule their deletion first."
                )
            key.deletion = now + timedelta(days=days)
            key.enabled = False
            store.KEYS.put(tx, key)
            return key

        key = await self._db.write(write)
        return {
            "KeyId": key.arn,
            "DeletionDate": key.deletion,
            "KeyState": key.state,
            "PendingWindowInDays": days,
        }

    @operation(KEY)
    async def cancel_key_deletion(self, call: Call, req: Doc) -> Doc:
        def change(key: Key) -> None:
            if key.deletion is None:
                raise AwsError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
            key.deletion = None
            key.enabled = False

        key = await self._change(call, req["KeyId"], change)
        return {"KeyId": key.arn}
