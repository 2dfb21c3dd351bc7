"""Settings of the account: encryption, and policies that open X-Ray to others."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import DENY, Ask, PolicyError, parse, verdict
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.xray import store
from trunkline.services.xray.api.context import Context
from trunkline.services.xray.model import Config, ResourcePolicy
from trunkline.services.xray.summaries.summary import moment

_UPDATING_S = 1
_MAX_POLICIES = 5
_MAX_POLICY_BYTES = 5 * 1024


class Settings(Context):
    @operation(mutates=False)
    async def get_encryption_config(self, call: Call, req: Doc) -> Doc:
        return {"EncryptionConfig": self._encryption(store.config(self._db, call.account, call.region))}

    @operation()
    async def put_encryption_config(self, call: Call, req: Doc) -> Doc:
        if (req["Type"] == "KMS") != ("KeyId" in req):
            raise store.invalid("KeyId must be given for the type KMS, and only for it.")
        key = await self._usable_key(call, req["KeyId"]) if "KeyId" in req else ""

        def change(tx: Tx) -> Config:
            config = store.config(tx, call.account, call.region)
            config.encryption_key = key
            config.encryption_ready = self._clock.due(_UPDATING_S)
            store.CONFIGS.put(tx, config)
            return config

        return {"EncryptionConfig": self._encryption(await self._db.write(change))}

    async def _usable_key(self, call: Call, key_id: str) -> str:
        try:
            key = (await self._kit.call("kms", "DescribeKey", {"KeyId": key_id}, as_=call.caller))["KeyMetadata"]
        except AwsError as error:
            raise store.invalid(f"The KMS key {key_id} cannot be used: {error.message}") from error
        if not key["Enabled"] or key["KeySpec"] != "SYMMETRIC_DEFAULT":
            raise store.invalid(f"The KMS key {key_id} must be enabled and symmetric.")
        return str(key["Arn"])

    def _encryption(self, config: Config) -> Doc:
        return {
            "KeyId": config.encryption_key or None,
            "Status": "UPDATING" if self._clock.time() < config.encryption_ready else "ACTIVE",
            "Type": "KMS" if config.encryption_key else "NONE",
        }

    # -- resource policies

    @operation()
    async def put_resource_policy(self, call: Call, req: Doc) -> Doc:
        name, document = req["PolicyName"], req["PolicyDocument"]
        self._check_policy(call, document, bypass=req.get("BypassPolicyLockoutCheck", False))
        wanted = req.get("PolicyRevisionId")

        def put(tx: Tx) -> ResourcePolicy:
            there = store.POLICIES.get(tx, call.account, call.region, name)
            revision = 0 if there is None else there.revision
            _check_revision(wanted, revision)
            if there is None and len(store.POLICIES.find(tx, prefix=(call.account, call.region))) >= _MAX_POLICIES:
                raise AwsError(
                    "PolicyCountLimitExceededException", f"There are at most {_MAX_POLICIES} resource policies."
                )
            policy = ResourcePolicy(call.account, call.region, name, document, revision + 1, self._clock.time())
            store.POLICIES.put(tx, policy)
            return policy

        return {"ResourcePolicy": _policy(await self._db.write(put))}

    @operation()
    async def list_resource_policies(self, call: Call, req: Doc) -> Doc:
        found = store.POLICIES.find(self._db, prefix=(call.account, call.region))
        return {"ResourcePolicies": [_policy(one) for one in found]}

    @operation()
    async def delete_resource_policy(self, call: Call, req: Doc) -> Doc:
        name = req["PolicyName"]

        def delete(tx: Tx) -> None:
            there = store.POLICIES.get(tx, call.account, call.region, name)
            if there is None:
                raise store.invalid(f"There is no resource policy {name}.")
            _check_revision(req.get("PolicyRevisionId"), there.revision)
            store.POLICIES.delete(tx, call.account, call.region, name)

        await self._db.write(delete)
        return {}

    def _check_policy(self, call: Call, document: str, *, bypass: bool) -> None:
        if len(document.encode()) > _MAX_POLICY_BYTES:
            raise AwsError("PolicySizeLimitExceededException", "A resource policy is at most 5 KB long.")
        try:
            policy = parse(document, "resource")
        except PolicyError as error:
            raise AwsError("MalformedPolicyDocumentException", str(error)) from error
        names = [call.account, f"arn:aws:iam::{call.account}:root", call.caller.principal.arn, "*"]
        ask = Ask("xray:PutResourcePolicy", "*", lambda key: None, {"AWS": names})
        if not bypass and verdict([policy], ask) is DENY:
            raise AwsError(
                "LockoutPreventionException",
                "The policy would keep you from changing it. Set BypassPolicyLockoutCheck to put it nevertheless.",
            )


def _check_revision(wanted: str | None, revision: int) -> None:
    """A revision that is given must be the latest; 0 stands for no policy of this name."""
    if wanted is not None and wanted != str(revision):
        raise AwsError("InvalidPolicyRevisionIdException", f"The latest revision is {revision}, not {wanted}.")


def _policy(policy: ResourcePolicy) -> Doc:
    return {
        "PolicyName": policy.name,
        "PolicyDocument": policy.document,
        "PolicyRevisionId": str(policy.revision),
        "LastUpdatedTime": moment(policy.updated),
    }
