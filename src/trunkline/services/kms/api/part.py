"""What every part of KMS's API has at hand: keys found, used and changed, and who may do so."""

import base64
from collections.abc import Callable

from trunkline.aws import arn as arns
from trunkline.aws.call import Client
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.identity import NO_ACCESS, Access
from trunkline.aws.policy import compiled
from trunkline.aws.service import Call, Doc
from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.services.kms import asymmetric, policies, store
from trunkline.services.kms.material import MasterKey, take_apart
from trunkline.services.kms.model import PRIMARY, SYMMETRIC, Alias, Key, Material

KEY = "arn:aws:kms:{region}:{account}:key/{KeyId}"

_MANAGED = (
    "acm backup cloudtrail codebuild codecommit codedeploy codepipeline ebs ecr ecs eks elasticfilesystem events "
    "lambda "
    "logs rds s3 secretsmanager sns sqs ssm xray"
)
MANAGED_SERVICES = frozenset(_MANAGED.split())


class Part:
    """Database, clock, master key, and the way to the authorizer."""

    def __init__(self, db: Database, clock: Clock, master: MasterKey, call: Client) -> None:
        self._db = db
        self._clock = clock
        self._master = master
        self._call = call

    def access(self, call: Call, req: Doc) -> Access:
        """The key's own policy decides, with its grants; the request's encryption context is in the condition keys."""
        key_id = req.get("SourceKeyId") or req.get("KeyId") or req.get("TargetKeyId")
        if key_id is None and "CiphertextBlob" in req:
            key_id = store.local(call, take_apart(req["CiphertextBlob"]).arn)
        if key_id is None:
            return NO_ACCESS
        found = store.find(self._db, call, key_id, self._clock.now())
        if found is None:
            account, region, name = store.place(call, key_id)
            if name.startswith("alias/aws/"):  # made by its first use, which its policy governs already
                rules = policies.managed_policy(account, region, name.removeprefix("alias/aws/"))
                return Access(_asking(call), (compiled(rules),), account, must_allow=True)
            # Nothing to protect; the operation says that there is no such key.
            return NO_ACCESS
        context = req.get("EncryptionContext") or req.get("SourceEncryptionContext") or {}
        return self.access_to(found, call, context)

    def access_to(self, key: Key, call: Call, context: dict[str, str]) -> Access:
        """The rules of one key."""
        values = {**policies.context_keys(context), **_asking(call), "kms:KeySpec": key.spec, "kms:KeyUsage": key.usage}
        documents = [key.policy, *(policies.grant_policy(grant) for grant in store.grants(self._db, key))]
        rules = tuple(compiled(document) for document in documents)
        return Access(values, rules, key.account, must_allow=True, resources=(key.arn,))

    async def _key(self, call: Call, key_id: str) -> Key:
        """The key that a request names; an AWS managed key comes into being here."""
        found = store.find(self._db, call, key_id, self._clock.now())
        if found is not None:
            return found
        account, region, name = store.place(call, key_id)
        service = name.removeprefix("alias/aws/")
        if name.startswith("alias/aws/") and service in MANAGED_SERVICES and account == call.account:
            return await self._make_managed(account, region, service)
        return store.key(self._db, call, key_id, self._clock.now())

    async def _make_managed(self, account: str, region: str, service: str) -> Key:
        now = self._clock.now()
        policy = policies.managed_policy(account, region, service)
        description = f"Default key that protects my {service} resources when no other key is defined"
        key = self.new_key(account, region, SYMMETRIC, "ENCRYPT_DECRYPT", policy)
        key.manager, key.description = "AWS", description
        key.rotation_days, key.rotation_from = 365, now
        name = f"alias/aws/{service}"

        def write(tx: Tx) -> Key:
            other = store.ALIASES.get(tx, account, region, name)
            if other is not None:  # somebody else was faster
                existing = store.KEYS.get(tx, account, region, other.key_id)
                if existing is not None:
                    return existing
            store.KEYS.insert(tx, key)
            store.ALIASES.put(tx, Alias(account, region, name, key.id, now, now))
            return key

        return await self._db.write(write)

    def new_key(
        self, account: str, region: str, spec: str, usage: str, policy: str, *, multi_region: bool = False
    ) -> Key:
        """A key with its first material; not stored yet. Slow for RSA."""
        key_id = f"mrk-{ids.hex_id(32)}" if multi_region else ids.uuid()
        arn = arns.arn("kms", region, account, f"key/{key_id}")
        now = self._clock.now()
        key = Key(account, region, key_id, arn, spec, usage, now, policy, [])
        if multi_region:
            key.multi, key.bound = PRIMARY, arn
        if spec == SYMMETRIC:
            key.materials = [self.new_material(arn)]
        else:
            secret, public = asymmetric.generate(spec)
            key.materials = [Material(ids.hex_id(64), _b64(self._master.wrap(secret, arn)), now)]
            key.public = _b64(public)
        return key

    def new_material(self, arn: str, *, on_demand: bool = False) -> Material:
        """New material for a symmetric key."""
        from secrets import token_bytes

        wrapped = self._master.wrap(token_bytes(32), arn)
        return Material(ids.hex_id(64), _b64(wrapped), self._clock.now(), on_demand)

    def material(self, key: Key, generation: int = -1) -> bytes:
        """A key's secret: the newest, or the generation that a ciphertext names."""
        if generation >= len(key.materials):
            raise AwsError("InvalidCiphertextException")
        return self._master.unwrap(base64.b64decode(key.materials[generation].wrapped), key.bound or key.arn)

    async def _change(self, call: Call, key_id: str, change: Callable[[Key], None]) -> Key:
        """Change a key in one transaction."""

        def write(tx: Tx) -> Key:
            key = store.key(tx, call, key_id, self._clock.now())
            known = len(key.materials)
            change(key)
            store.KEYS.put(tx, key)
            if len(key.materials) > known:  # what a multi-Region key gets new, its related keys get too
                for one in store.related(tx, key):
                    one.materials = key.materials
                    store.KEYS.put(tx, one)
            return key

        return await self._db.write(write)


def check_request(req: Doc) -> None:
    """What no operation takes, and the rehearsal that ends before the act."""
    if "Recipient" in req:
        raise Refused(
            "Trunkline has no enclaves: leave Recipient out.", code="UnsupportedOperationException", status=400
        )
    if req.get("DryRun"):
        raise AwsError(
            "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.", status=412
        )


def _asking(call: Call) -> dict[str, str | list[str]]:
    """The condition keys that tell who asks, and through which service."""
    found: dict[str, str | list[str]] = {"kms:CallerAccount": call.account}
    if call.caller.via:
        found["kms:ViaService"] = call.caller.via
    return found


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
