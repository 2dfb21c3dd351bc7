"""Virtual MFA devices: a seed, and one-time codes that are really checked (RFC 6238: SHA-1, 30 s, six digits)."""

import base64
import hmac
import secrets
import struct

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise, pairs
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import USER, Part, user_name
from trunkline.services.iam.model import MfaDevice

DEVICE = "{SerialNumber}"
_STEP_S = 30
# Clocks of devices go wrong: AWS, too, accepts codes of the minutes around now.
_WINDOW_STEPS = 10
_SEED_BYTES = 40
_MAX_PER_USER = 8


class MfaOperations(Part):
    """CreateVirtualMFADevice, EnableMFADevice and others."""

    @operation("arn:aws:iam::{account}:mfa/{VirtualMFADeviceName}")
    async def create_virtual_mfa_device(self, call: Call, req: Doc) -> Doc:
        serial = f"arn:aws:iam::{call.account}:mfa{req.get('Path', '/')}{req['VirtualMFADeviceName']}"
        seed = base64.b32encode(secrets.token_bytes(_SEED_BYTES)).decode()
        tags = normalise(req.get("Tags"), error="InvalidInput", too_many="LimitExceeded")
        created = MfaDevice(call.account, serial, seed, tags=tags)
        try:
            await self._change(lambda tx: store.MFA_DEVICES.insert(tx, created))
        except AlreadyExists:
            raise AwsError(
                "EntityAlreadyExists", "MFADevice entity at the same path and name already exists."
            ) from None
        device = {"SerialNumber": serial, "Base32StringSeed": seed.encode(), "Tags": pairs(tags) if tags else None}
        return {"VirtualMFADevice": device}

    @operation(DEVICE)
    async def delete_virtual_mfa_device(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.mfa_device(tx, call.account, req["SerialNumber"])
            if item.user:
                raise AwsError("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
            store.MFA_DEVICES.delete(tx, call.account, item.serial)

        await self._change(write)

    @operation(USER)
    async def enable_mfa_device(self, call: Call, req: Doc) -> None:
        now = self._clock.now()

        def write(tx: Tx) -> None:
            user = store.user(tx, call.account, req["UserName"])
            item = store.mfa_device(tx, call.account, req["SerialNumber"])
            if item.user:
                raise AwsError("EntityAlreadyExists", "MFA Device is already in use.")
            if len(store.mfa_devices_of(tx, call.account, user.key)) >= _MAX_PER_USER:
                raise AwsError("LimitExceeded", f"Cannot exceed quota for MFADevicesPerUser: {_MAX_PER_USER}")
            _check_codes(item, req, now.timestamp())
            item.user, item.enabled = user.key, now
            store.MFA_DEVICES.put(tx, item)

        await self._change(write)

    @operation(USER)
    async def resync_mfa_device(self, call: Call, req: Doc) -> None:
        user = store.user(self._db, call.account, req["UserName"])
        _check_codes(self._enabled(call, req["SerialNumber"], user.key), req, self._clock.time())

    @operation(USER)
    async def deactivate_mfa_device(self, call: Call, req: Doc) -> None:
        user = store.user(self._db, call.account, user_name(call, req))
        item = self._enabled(call, req["SerialNumber"], user.key)
        item.user, item.enabled = "", None
        await self._change(lambda tx: store.MFA_DEVICES.put(tx, item))

    @operation(USER)
    async def get_mfa_device(self, call: Call, req: Doc) -> Doc:
        item = store.mfa_device(self._db, call.account, req["SerialNumber"])
        user = store.USERS.get(self._db, call.account, item.user) if item.user else None
        name = user.name if user else None
        if "UserName" in req and req["UserName"] != name:
            raise _not_enabled(item.serial)
        return {"SerialNumber": item.serial, "UserName": name, "EnableDate": item.enabled}

    @operation(USER)
    async def list_mfa_devices(self, call: Call, req: Doc) -> Doc:
        if "UserName" not in req and call.caller.principal.kind != "user":
            return {"MFADevices": [], "IsTruncated": False}
        user = store.user(self._db, call.account, user_name(call, req))
        return views.listed(
            "MFADevices",
            store.mfa_devices_of(self._db, call.account, user.key),
            req,
            key=lambda item: item.serial,
            show=lambda item: {
                "UserName": user.name,
                "SerialNumber": item.serial,
                "EnableDate": item.enabled,
            },
        )

    @operation()
    async def list_virtual_mfa_devices(self, call: Call, req: Doc) -> Doc:
        wanted = req.get("AssignmentStatus", "Any")
        found = [
            item
            for item in store.MFA_DEVICES.find(self._db, prefix=(call.account,))
            if wanted == "Any" or (wanted == "Assigned") == bool(item.user)
        ]
        return views.listed("VirtualMFADevices", found, req, key=lambda item: item.serial, show=self._shown)

    def _shown(self, item: MfaDevice) -> Doc:
        user = store.USERS.get(self._db, item.account, item.user) if item.user else None
        return {
            "SerialNumber": item.serial,
            "EnableDate": item.enabled,
            "User": views.user(user, brief=True) if user else None,
        }

    def _enabled(self, call: Call, serial: str, user_key: str) -> MfaDevice:
        item = store.mfa_device(self._db, call.account, serial)
        if item.user != user_key:
            raise _not_enabled(serial)
        return item


def code(seed: str, step: int) -> str:
    """The one-time code of a device for one step of 30 seconds since 1970."""
    digest = hmac.digest(base64.b32decode(seed), struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def _check_codes(item: MfaDevice, req: Doc, now_s: float) -> None:
    now = int(now_s) // _STEP_S
    for step in range(now - _WINDOW_STEPS, now + _WINDOW_STEPS + 1):
        right = (code(item.seed, step), code(item.seed, step + 1))
        if right == (req["AuthenticationCode1"], req["AuthenticationCode2"]):
            return
    raise AwsError("InvalidAuthenticationCode", "Authentication code for device is not valid.")


def _not_enabled(serial: str) -> AwsError:
    return AwsError("NoSuchEntity", f"MFA Device invalid for user: {serial}")
