"""PutParameter and DeleteParameter."""

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import Tx
from trunkline.services.ssm import events, names, patterns, settings, store
from trunkline.services.ssm.api.part import Part
from trunkline.services.ssm.model import ADVANCED_CHARS, MAX_VERSIONS, STANDARD_CHARS, Parameter, as_version
from trunkline.services.ssm.secure import DEFAULT_KEY


class WriteOperations(Part):
    """What changes parameters."""

    @operation(names.resource, writes_once=True)
    async def put_parameter(self, call: Call, req: Doc) -> Doc:
        name = req["Name"]
        names.check_new(name)
        _check_request(req)
        known = store.PARAMETERS.get(self._db, call.account, call.region, name)
        kind = req.get("Type") or (known.type if known else "")
        if not kind:
            raise AwsError("ValidationException", "A parameter type is required when you create a parameter.")
        value, arn = req["Value"], names.arn(call, name)
        _check_value(value)
        if req.get("AllowedPattern"):
            await patterns.check(req["AllowedPattern"], value.split(",") if kind == "StringList" else [value])
        key_id = ""
        if kind == "SecureString":
            key_id = req.get("KeyId") or (known.key_id if known and known.type == kind else "") or DEFAULT_KEY
        elif "KeyId" in req:
            raise AwsError("ValidationException", "KeyId is required for SecureString type parameter only.")
        stored = await self._secure.encrypt(call, arn, key_id, value) if key_id else value
        tags = normalise(req.get("Tags"), error="ValidationException", too_many="ValidationException")
        now = self._clock.now()

        def write(tx: Tx) -> Parameter:
            old = store.PARAMETERS.get(tx, call.account, call.region, name)
            twin = names.twin(name)
            if old is None and twin and store.PARAMETERS.get(tx, call.account, call.region, twin):
                raise AwsError("ParameterAlreadyExists", f"The parameter {twin} already exists and has the same ARN.")
            _check_change(old, req, kind)
            item = Parameter(
                account=call.account,
                region=call.region,
                name=name,
                arn=arn,
                type=kind,
                value=stored,
                version=old.version + 1 if old else 1,
                modified=now,
                modified_by=call.caller.principal.arn,
                tier=_tier(old, req, len(value), default=settings.value(tx, call, settings.TIER)),
                key_id=key_id,
                description=req.get("Description", old.description if old else ""),
                allowed_pattern=req.get("AllowedPattern", ""),
                tags=old.tags if old else tags,
            )
            store.PARAMETERS.put(tx, item)
            store.VERSIONS.insert(tx, as_version(item))
            if item.version > MAX_VERSIONS:
                _forget_oldest(tx, item)
            self._ledger.append(tx, events.change(item, "Update" if old else "Create", now))
            return item

        item = await self._db.write(write)
        return {"Version": item.version, "Tier": item.tier}

    @operation(names.resource, writes_once=True)
    async def delete_parameter(self, call: Call, req: Doc) -> Doc:
        name = req["Name"]
        if name.startswith("arn:"):
            raise AwsError("ValidationException", "Parameter name: give the parameter's name, not its ARN.")
        await self._db.write(lambda tx: self._delete(tx, store.parameter(tx, call, name)))
        return {}

    @operation(names.resource)
    async def delete_parameters(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            deleted, invalid = [], []
            for name in dict.fromkeys(req["Names"]):
                item = store.PARAMETERS.get(tx, call.account, call.region, name)
                if item is None:
                    invalid.append(name)
                else:
                    self._delete(tx, item)
                    deleted.append(name)
            return {"DeletedParameters": deleted, "InvalidParameters": invalid}

        return await self._db.write(write)

    def _delete(self, tx: Tx, item: Parameter) -> None:
        store.PARAMETERS.delete(tx, item.account, item.region, item.name)
        tx.execute(
            "DELETE FROM ssm_parameter_versions WHERE account = ? AND region = ? AND name = ?",
            (item.account, item.region, item.name),
        )
        self._ledger.append(tx, events.change(item, "Delete", self._clock.now()))


def _check_request(req: Doc) -> None:
    if req.get("Policies"):
        raise Refused(
            "Trunkline has no parameter policies: leave Policies out.", code="InvalidPolicyTypeException", status=400
        )
    if req.get("DataType", "text") != "text":
        raise Refused(
            f"Trunkline has parameters of the data type text only, not {req['DataType']}.",
            code="ValidationException",
            status=400,
        )
    if req.get("Overwrite") and req.get("Tags"):
        raise AwsError(
            "ValidationException",
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
            "remove "
            "overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
            "RemoveTagsFromResource.",
        )


def _check_value(value: str) -> None:
    if not value:
        raise AwsError("ValidationException", "Value for parameter must not be empty.")
    if len(value) > ADVANCED_CHARS:
        raise AwsError(
            "ValidationException",
            f"Advanced tier parameters support a maximum parameter value of {ADVANCED_CHARS} characters.",
        )


def _check_change(old: Parameter | None, req: Doc, kind: str) -> None:
    if old is None:
        return
    if not req.get("Overwrite"):
        raise AwsError(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        )
    if "SecureString" in (old.type, kind) and old.type != kind:
        raise AwsError(
            "HierarchyTypeMismatchException",
            f"The parameter {old.name} is a {old.type} and cannot become a {kind}: create another parameter.",
        )


def _tier(old: Parameter | None, req: Doc, size_chars: int, *, default: str) -> str:
    wanted = req.get("Tier") or ("Advanced" if old and old.tier == "Advanced" else default)
    if wanted == "Intelligent-Tiering":
        wanted = "Advanced" if size_chars > STANDARD_CHARS or (old and old.tier == "Advanced") else "Standard"
    if wanted == "Standard" and old is not None and old.tier == "Advanced":
        raise AwsError(
            "ValidationException",
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
            "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
            "parameter "
            "and recreate it as a standard parameter.",
        )
    if wanted == "Standard" and size_chars > STANDARD_CHARS:
        raise AwsError(
            "ValidationException",
            f"Standard tier parameters support a maximum parameter value of {STANDARD_CHARS} characters. To create a "
            "larger parameter value, upgrade the parameter to use the advanced-parameter tier.",
        )
    return str(wanted)


def _forget_oldest(tx: Tx, item: Parameter) -> None:
    oldest = store.VERSIONS.find(tx, prefix=(item.account, item.region, item.name), limit=1)[0]
    if oldest.labels:
        raise AwsError(
            "ParameterMaxVersionLimitExceeded",
            f"You attempted to create a new version of {item.name} by calling the PutParameter API with the overwrite "
            f"flag. Version {oldest.version}, the oldest version, can't be deleted because it has a label associated "
            "with it. Move the label to another version of the parameter, and try again.",
        )
    store.VERSIONS.delete(tx, oldest.account, oldest.region, oldest.name, oldest.version)
