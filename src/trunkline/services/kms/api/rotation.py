"""Rotation: new material for new ciphertexts; the old stays for old ones."""

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.kms import store
from trunkline.services.kms.api.part import KEY, Part
from trunkline.services.kms.model import REPLICA, SYMMETRIC, Key

_MAX_GENERATIONS = 255  # one byte in each ciphertext


def _check_rotates(key: Key) -> None:
    key.check_not_pending()
    if key.multi == REPLICA:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is a replica: its primary key rotates.")
    if key.spec != SYMMETRIC:
        raise AwsError(
            "UnsupportedOperationException", f"{key.arn} is not a symmetric encryption key: it cannot rotate."
        )


class RotationOperations(Part):
    """EnableKeyRotation and its like."""

    @operation(KEY)
    async def enable_key_rotation(self, call: Call, req: Doc) -> None:
        def change(key: Key) -> None:
            key.check_own()
            _check_rotates(key)
            if not key.enabled:
                raise AwsError("DisabledException", f"{key.arn} is disabled.")
            key.rotation_days = req.get("RotationPeriodInDays", 365)
            key.rotation_from = self._clock.now()

        await self._change(call, req["KeyId"], change)

    @operation(KEY)
    async def disable_key_rotation(self, call: Call, req: Doc) -> None:
        def change(key: Key) -> None:
            key.check_own()
            _check_rotates(key)
            key.rotation_days = 0

        await self._change(call, req["KeyId"], change)

    @operation(KEY)
    async def get_key_rotation_status(self, call: Call, req: Doc) -> Doc:
        key = store.key(self._db, call, req["KeyId"], self._clock.now())
        return {
            "KeyRotationEnabled": key.rotation_days > 0,
            "KeyId": key.arn,
            "RotationPeriodInDays": key.rotation_days or None,
            "NextRotationDate": key.next_rotation,
        }

    @operation(KEY)
    async def rotate_key_on_demand(self, call: Call, req: Doc) -> Doc:
        def change(key: Key) -> None:
            key.check_own()
            _check_rotates(key)
            if not key.enabled:
                raise AwsError("DisabledException", f"{key.arn} is disabled.")
            if sum(material.on_demand for material in key.materials) >= 10:
                raise AwsError(
                    "LimitExceededException", f"{key.arn} was rotated on demand 10 times, which is the limit."
                )
            key.materials.append(self.new_material(key.bound or key.arn, on_demand=True))

        key = await self._change(call, req["KeyId"], change)
        return {"KeyId": key.arn}

    @operation(KEY)
    async def list_key_rotations(self, call: Call, req: Doc) -> Doc:
        key = store.key(self._db, call, req["KeyId"], self._clock.now())
        rotations = [
            {
                "KeyId": key.arn,
                "RotationDate": material.created,
                "RotationType": "ON_DEMAND" if material.on_demand else "AUTOMATIC",
            }
            for material in key.materials[1:]
        ]
        chosen, marker = page(
            rotations,
            req.get("Limit", 100),
            req.get("Marker"),
            key=lambda r: str(r["RotationDate"]),
            error="InvalidMarkerException",
        )
        return {"Rotations": chosen, "Truncated": marker is not None, "NextMarker": marker}

    async def rotated(self, call: Call, key: Key) -> Key:
        """The key, with new material if its rotation is due: rotation happens when the key is next used to encrypt."""
        due = key.next_rotation
        if due is None or due > self._clock.now() or len(key.materials) > _MAX_GENERATIONS:
            return key

        def change(current: Key) -> None:
            if current.next_rotation == due:
                current.materials.append(self.new_material(current.bound or current.arn))
                current.rotation_from = self._clock.now()

        return await self._change(call, key.arn, change)
