"""Access keys."""

import secrets
from datetime import UTC, datetime

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import USER, Part, user_name
from trunkline.services.iam.model import QUOTA_KEYS_PER_USER, AccessKey, User


class KeyOperations(Part):
    """CreateAccessKey and its like."""

    @operation(USER)
    async def create_access_key(self, call: Call, req: Doc) -> Doc:
        if "UserName" not in req and call.caller.principal.kind == "root":
            raise Refused("Root has the one key that the settings give it: name a user to make a key for.")
        name = user_name(call, req)

        def write(tx: Tx) -> tuple[User, AccessKey]:
            user = store.user(tx, call.account, name)
            if len(store.keys_of(tx, call.account, user.key)) >= QUOTA_KEYS_PER_USER:
                raise AwsError("LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {QUOTA_KEYS_PER_USER}")
            key = AccessKey(
                access_key_id="AKIA" + ids.alnum(16, lower=False),
                account=call.account,
                user=user.key,
                secret=secrets.token_urlsafe(30),
                created=self._clock.now(),
            )
            store.KEYS.insert(tx, key)
            return user, key

        user, key = await self._change(write)
        return {"AccessKey": {**views.access_key(key, user.name), "SecretAccessKey": key.secret}}

    @operation(USER)
    async def list_access_keys(self, call: Call, req: Doc) -> Doc:
        if "UserName" not in req and call.caller.principal.kind == "root":
            return {"AccessKeyMetadata": [], "IsTruncated": False}
        user = store.user(self._db, call.account, user_name(call, req))
        keys = store.keys_of(self._db, call.account, user.key)
        return views.listed(
            "AccessKeyMetadata", keys, req, key=lambda k: k.access_key_id, show=lambda k: views.access_key(k, user.name)
        )

    @operation(USER)
    async def update_access_key(self, call: Call, req: Doc) -> None:
        name = user_name(call, req)
        if req["Status"] not in ("Active", "Inactive"):
            raise AwsError("InvalidInput", f"A key's status is Active or Inactive, not {req['Status']}.")

        def write(tx: Tx) -> None:
            key = _key(tx, call.account, name, req["AccessKeyId"])
            key.active = req["Status"] == "Active"
            store.KEYS.put(tx, key)

        await self._change(write)

    @operation(USER)
    async def delete_access_key(self, call: Call, req: Doc) -> None:
        name = user_name(call, req)

        def write(tx: Tx) -> None:
            store.KEYS.delete(tx, _key(tx, call.account, name, req["AccessKeyId"]).access_key_id)

        await self._change(write)

    @operation("arn:aws:iam::{account}:user/*")
    async def get_access_key_last_used(self, call: Call, req: Doc) -> Doc:
        key = store.KEYS.get(self._db, req["AccessKeyId"])
        user = None if key is None else store.USERS.get(self._db, key.account, key.user)
        if key is None or user is None or key.account != call.account:
            raise store.missing(f"The Access Key with id {req['AccessKeyId']}")
        service, region, used = key.used_service, key.used_region, key.used
        recent = self._identity.last_use(key.access_key_id)
        if recent is not None:
            used, service, region = datetime.fromtimestamp(recent[0], UTC), recent[1], recent[2]
        last = {"LastUsedDate": used, "ServiceName": service, "Region": region}
        return {"UserName": user.name, "AccessKeyLastUsed": last}


def _key(reader: Reader, account: str, name: str, access_key_id: str) -> AccessKey:
    user = store.user(reader, account, name)
    key = store.KEYS.get(reader, access_key_id)
    if key is None or key.account != account or key.user != user.key:
        raise store.missing(f"The Access Key with id {access_key_id}")
    return key
