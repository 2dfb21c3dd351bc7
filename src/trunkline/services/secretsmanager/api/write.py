"""CreateSecret, PutSecretValue, UpdateSecret: values come in as new versions."""

from datetime import datetime

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part
from trunkline.services.secretsmanager.model import CURRENT, MAX_STAGES, Secret, Version, move_stage, new_arn

_EXISTS = "ResourceExistsException"


class WriteOperations(Part):
    """What makes and changes secrets."""

    @operation("arn:aws:secretsmanager:{region}:{account}:secret:{Name}-*")
    async def create_secret(self, call: Call, req: Doc) -> Doc:
        name, now = req["Name"], self._clock.now()
        if req.get("AddReplicaRegions"):
            raise _refused("Trunkline does not replicate secrets: leave AddReplicaRegions out.")
        if req.get("Type"):
            raise _refused("Trunkline has no managed external secrets: leave Type out.")
        _check_name(name)
        tags = normalise(req.get("Tags"), error="InvalidParameterException", too_many="LimitExceededException")
        old = store.SECRETS.get(self._db, call.account, call.region, name)
        if old is not None and (old.gone is None or old.gone > now):
            return await self._create_again(call, req, old)
        made = Secret(
            account=call.account,
            region=call.region,
            name=name,
            arn=new_arn(call.account, call.region, name),
            created=now,
            changed=now,
            description=req.get("Description", ""),
            key_id=req.get("KmsKeyId", ""),
            tags=tags,
        )
        version = await self._version(call, made, req, now) if _has_value(req) else None
        if version is not None:
            version.stages = [CURRENT]

        def write(tx: Tx) -> None:
            taken = store.SECRETS.get(tx, call.account, call.region, name)
            if taken is not None:
                if taken.gone is None or taken.gone > now:
                    raise AwsError(_EXISTS, f"The operation failed because the secret {name} already exists.")
                store.remove(tx, taken)
            store.SECRETS.insert(tx, made)
            if version is not None:
                store.VERSIONS.insert(tx, version)

        await self._db.write(write)
        return {"ARN": made.arn, "Name": name, "VersionId": version.id if version else None}

    async def _create_again(self, call: Call, req: Doc, old: Secret) -> Doc:
        """A repeated request is answered as the first was; another of the same name is refused."""
        if old.deleted is not None:
            raise AwsError(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
        version_id = req.get("ClientRequestToken", "")
        version = store.VERSIONS.get(self._db, old.account, old.region, old.name, version_id)
        if version is None or not await self._same_value(call, old, version, req):
            raise AwsError(_EXISTS, f"The operation failed because the secret {old.name} already exists.")
        return {"ARN": old.arn, "Name": old.name, "VersionId": version.id}

    async def _version(self, call: Call, owner: Secret, req: Doc, now: datetime) -> Version:
        value, binary = _value(req)
        version_id = req.get("ClientRequestToken") or ids.uuid()
        sealed = await self._envelope.seal(call, owner.arn, version_id, owner.key_id, value)
        return Version(owner.account, owner.region, owner.name, version_id, sealed, binary, now)

    async def _same_value(self, call: Call, owner: Secret, version: Version, req: Doc) -> bool:
        if not _has_value(req):
            return False
        value, binary = _value(req)
        stored = await self._envelope.open(call, owner.arn, version.id, version.sealed)
        return (value, binary) == (stored, version.binary)

    @operation(RESOURCE)
    async def put_secret_value(self, call: Call, req: Doc) -> Doc:
        if "RotationToken" in req:
            raise _refused("Trunkline rotates no secrets of other accounts: leave RotationToken out.")
        owner = store.secret(self._db, call, req["SecretId"], self._clock.now())
        if not _has_value(req):
            raise AwsError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
        version = await self._put(call, owner, req, req.get("VersionStages", [CURRENT]))
        return {"ARN": owner.arn, "Name": owner.name, "VersionId": version.id, "VersionStages": version.stages}

    async def _put(self, call: Call, owner: Secret, req: Doc, stages: list[str]) -> Version:
        """Add a version and give it its labels; a token that made one before is answered with it."""
        now = self._clock.now()
        token = req.get("ClientRequestToken", "")
        known = store.VERSIONS.get(self._db, owner.account, owner.region, owner.name, token) if token else None
        if known is not None and known.sealed:
            if await self._same_value(call, owner, known, req):
                return known
            raise AwsError(
                _EXISTS,
                f"You can't use ClientRequestToken {token} because that value is already in use for a version of "
                f"secret {owner.arn}.",
            )
        if len(stages) > MAX_STAGES:
            raise AwsError("LimitExceededException", f"A version has at most {MAX_STAGES} staging labels.")
        made = await self._version(call, owner, req, now)

        def write(tx: Tx) -> Version:
            current = store.secret(tx, call, owner.arn, now)
            versions = [version for version in store.versions(tx, current) if version.id != made.id]
            if known is not None:
                made.stages = list(known.stages)
            versions.append(made)
            for stage in stages if len(versions) > 1 else {*stages, CURRENT}:
                move_stage(versions, stage, made)
            store.keep(tx, versions)
            current.changed = now
            store.SECRETS.put(tx, current)
            return made

        return await self._db.write(write)

    @operation(RESOURCE)
    async def update_secret(self, call: Call, req: Doc) -> Doc:
        if req.get("Type"):
            raise _refused("Trunkline has no managed external secrets: leave Type out.")
        now = self._clock.now()
        store.secret(self._db, call, req["SecretId"], now)

        def write(tx: Tx) -> Secret:
            item = store.secret(tx, call, req["SecretId"], now)
            item.description = req.get("Description", item.description)
            item.changed = now
            store.SECRETS.put(tx, item)
            return item

        if "KmsKeyId" in req:
            await self._seal_again(call, req["SecretId"], req["KmsKeyId"])
        item = await self._db.write(write)
        version = await self._put(call, item, req, [CURRENT]) if _has_value(req) else None
        return {"ARN": item.arn, "Name": item.name, "VersionId": version.id if version else None}

    async def _seal_again(self, call: Call, secret_id: str, key_id: str) -> None:
        """Move the labelled versions under another key; AWS does so too, so that the old key can be given up."""
        owner = store.secret(self._db, call, secret_id, self._clock.now())
        resealed: dict[str, str] = {}
        for version in store.versions(self._db, owner):
            if not version.sealed:
                resealed[version.id] = ""
                continue
            value = await self._envelope.open(call, owner.arn, version.id, version.sealed)
            resealed[version.id] = await self._envelope.seal(call, owner.arn, version.id, key_id, value)

        def write(tx: Tx) -> None:
            item = store.secret(tx, call, secret_id, self._clock.now())
            versions = store.versions(tx, item)
            if item.key_id != owner.key_id or any(version.id not in resealed for version in versions):
                raise AwsError("InvalidRequestException", "The secret was changed at the same time: try again.")
            for version in versions:
                version.sealed = resealed[version.id]
            store.keep(tx, versions)
            item.key_id = key_id
            store.SECRETS.put(tx, item)

        await self._db.write(write)


def _refused(message: str) -> Refused:
    return Refused(message, code="InvalidParameterException", status=400)


def _check_name(name: str) -> None:
    if not all(c.isascii() and (c.isalnum() or c in "/_+=.@!-") for c in name):
        raise AwsError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
            status=400,
        )


def _has_value(req: Doc) -> bool:
    return "SecretString" in req or "SecretBinary" in req


def _value(req: Doc) -> tuple[bytes, bool]:
    if "SecretString" in req and "SecretBinary" in req:
        raise AwsError(
            "InvalidParameterException",
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )
    if "SecretBinary" in req:
        return req["SecretBinary"], True
    return req["SecretString"].encode(), False
