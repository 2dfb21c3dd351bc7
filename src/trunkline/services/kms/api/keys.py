"""Keys: made, described, listed, tagged; their policies."""

import asyncio
from collections.abc import Sequence

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import merge, normalise, pairs
from trunkline.core.db import Tx
from trunkline.services.kms import policies, store
from trunkline.services.kms.api.part import KEY, Part
from trunkline.services.kms.model import ECC_SPECS, HMAC_BYTES, RSA_BITS, SYMMETRIC, Key, usages_of


def metadata(key: Key, related: Sequence[Key] = ()) -> Doc:
    """KeyMetadata; `related` are all keys of a multi-Region key, the primary first."""
    return {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": key.state,
        "DeletionDate": key.deletion,
        "Origin": "AWS_KMS",
        "KeyManager": key.manager,
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        "EncryptionAlgorithms": key.encryption_algorithms or None,
        "SigningAlgorithms": key.signing_algorithms or None,
        "MacAlgorithms": key.mac_algorithms or None,
        "MultiRegion": bool(key.multi),
        "MultiRegionConfiguration": _regions(key, related) if key.multi else None,
        "CurrentKeyMaterialId": key.materials[-1].id if key.spec == SYMMETRIC else None,
    }


def _regions(key: Key, related: Sequence[Key]) -> Doc:
    shown = [{"Arn": one.arn, "Region": one.region} for one in related] or [{"Arn": key.arn, "Region": key.region}]
    return {"MultiRegionKeyType": key.multi, "PrimaryKey": shown[0], "ReplicaKeys": shown[1:]}


class KeyOperations(Part):
    """CreateKey and its like."""

    @operation()
    async def create_key(self, call: Call, req: Doc) -> Doc:
        spec = req.get("KeySpec") or req.get("CustomerMasterKeySpec") or SYMMETRIC
        if req.get("Origin", "AWS_KMS") != "AWS_KMS" or "CustomKeyStoreId" in req:
            raise Refused(
                "Trunkline makes its key material itself: leave Origin and CustomKeyStoreId out.",
                code="UnsupportedOperationException",
                status=400,
            )
        if spec != SYMMETRIC and spec not in (*RSA_BITS, *ECC_SPECS, *HMAC_BYTES):
            raise Refused(
                f"Trunkline has no keys of the spec {spec}.", code="UnsupportedOperationException", status=400
            )
        usages = usages_of(spec)
        usage = req.get("KeyUsage", "ENCRYPT_DECRYPT" if spec == SYMMETRIC else "")
        if not usage:
            raise AwsError("ValidationException", "You must specify a KeyUsage value for an asymmetric CMK.")
        if usage not in usages:
            raise AwsError("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}")
        policy = policies.checked(req["Policy"]) if "Policy" in req else policies.default_policy(call.account)
        tags = _tags(req.get("Tags"))
        multi = req.get("MultiRegion", False)
        key = await asyncio.to_thread(self.new_key, call.account, call.region, spec, usage, policy, multi_region=multi)
        key.description = req.get("Description", "")
        key.tags = tags
        await self._db.write(lambda tx: store.KEYS.insert(tx, key))
        return {"KeyMetadata": metadata(key)}

    @operation(KEY)
    async def describe_key(self, call: Call, req: Doc) -> Doc:
        key = await self._key(call, req["KeyId"])
        return {"KeyMetadata": metadata(key, store.related(self._db, key))}

    @operation()
    async def list_keys(self, call: Call, req: Doc) -> Doc:
        now = self._clock.now()
        found = store.KEYS.find(self._db, prefix=(call.account, call.region))
        alive = [key for key in found if key.deletion is None or key.deletion > now]
        keys, marker = page(
            alive, req.get("Limit", 100), req.get("Marker"), key=lambda k: k.id, error="InvalidMarkerException"
        )
        listed = [{"KeyId": key.id, "KeyArn": key.arn} for key in keys]
        return {"Keys": listed, "Truncated": marker is not None, "NextMarker": marker}

    @operation(KEY)
    async def update_key_description(self, call: Call, req: Doc) -> None:
        def change(key: Key) -> None:
            key.check_own()
            key.check_not_pending()
            key.description = req["Description"]

        await self._change(call, req["KeyId"], change)

    @operation(KEY)
    async def get_key_policy(self, call: Call, req: Doc) -> Doc:
        key = store.key(self._db, call, req["KeyId"], self._clock.now())
        _check_policy_name(req)
        return {"Policy": key.policy, "PolicyName": "default"}

    @operation(KEY)
    async def put_key_policy(self, call: Call, req: Doc) -> None:
        policy = policies.checked(req["Policy"])
        _check_policy_name(req)
        key = store.key(self._db, call, req["KeyId"], self._clock.now())
        if not req.get("BypassPolicyLockoutSafetyCheck"):
            self._check_lockout(call, key, policy)

        def change(key: Key) -> None:
            key.check_own()
            key.policy = policy

        await self._change(call, req["KeyId"], change)

    def _check_lockout(self, call: Call, key: Key, policy: str) -> None:
        """Nobody may write a policy after which he could not write another."""
        key.policy = policy
        access = self.access_to(key, call, {})
        decision = self._call.authorizer.decide(
            call.caller,
            "kms:PutKeyPolicy",
            access.resources,
            access.context,
            resource_policies=access.policies,
            resource_account=access.account,
            resource_must_allow=True,
        )
        if not decision.allowed:
            raise AwsError(
                "MalformedPolicyDocumentException",
                "The new key policy will not allow you to update the key policy in the future.",
            )

    @operation(KEY)
    async def list_key_policies(self, call: Call, req: Doc) -> Doc:
        store.key(self._db, call, req["KeyId"], self._clock.now())
        return {"PolicyNames": ["default"], "Truncated": False}

    @operation(KEY)
    async def tag_resource(self, call: Call, req: Doc) -> None:
        tags = _tags(req["Tags"])

        def change(key: Key) -> None:
            key.check_own()
            key.check_not_pending()
            key.tags = merge(key.tags, tags, too_many="LimitExceededException")

        await self._change(call, req["KeyId"], change)

    @operation(KEY)
    async def untag_resource(self, call: Call, req: Doc) -> None:
        def change(key: Key) -> None:
            key.check_own()
            key.check_not_pending()
            key.tags = {name: value for name, value in key.tags.items() if name not in req["TagKeys"]}

        await self._change(call, req["KeyId"], change)

    @operation(KEY)
    async def list_resource_tags(self, call: Call, req: Doc) -> Doc:
        key = store.key(self._db, call, req["KeyId"], self._clock.now())
        tags, marker = page(
            pairs(key.tags, key="TagKey", value="TagValue"),
            req.get("Limit", 50),
            req.get("Marker"),
            key=lambda t: t["TagKey"],
            error="InvalidMarkerException",
        )
        return {"Tags": tags, "Truncated": marker is not None, "NextMarker": marker}


def _tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return normalise(tags, error="TagException", too_many="LimitExceededException")


def _check_policy_name(req: Doc) -> None:
    if req.get("PolicyName", "default") != "default":
        raise AwsError("NotFoundException", "No such policy exists")


def purge(tx: Tx, account: str, region: str, now: object) -> None:
    """Remove the keys of a region whose deletion is due, with their material."""
    for key in store.KEYS.find(tx, prefix=(account, region)):
        if key.deletion is not None and key.deletion <= now:  # type: ignore[operator]
            store.KEYS.delete(tx, account, region, key.id)
            tx.execute(
                "DELETE FROM kms_grants WHERE account = ? AND region = ? AND key_id = ?", (account, region, key.id)
            )
            for alias in store.ALIASES.find(tx, prefix=(account, region)):
                if alias.key_id == key.id:
                    store.ALIASES.delete(tx, account, region, alias.name)
