"""GetParameter, GetParameters, GetParametersByPath."""

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ssm import names, store
from trunkline.services.ssm.api.part import Part
from trunkline.services.ssm.filters import compile_filters, within
from trunkline.services.ssm.model import Parameter, Version


class ReadOperations(Part):
    """What answers values."""

    @operation(names.resource)
    async def get_parameter(self, call: Call, req: Doc) -> Doc:
        decrypt = req.get("WithDecryption", False)
        found = await self._get(call, req["Name"], decrypt=decrypt)
        if found is None:
            raise AwsError("ParameterNotFound", f"Parameter {req['Name']} not found.")
        return {"Parameter": found}

    @operation(names.resource)
    async def get_parameters(self, call: Call, req: Doc) -> Doc:
        decrypt = req.get("WithDecryption", False)
        wanted = req["Names"]
        if len(set(wanted)) != len(wanted):
            raise AwsError("ValidationException", "Request contains duplicate names.")
        found, invalid = [], []
        for name in wanted:
            try:
                item = await self._get(call, name, decrypt=decrypt)
            except AwsError as error:
                if error.code != "ParameterVersionNotFound":
                    raise
                item = None
            if item is None:
                invalid.append(name)
            else:
                found.append(item)
        return {"Parameters": found, "InvalidParameters": invalid}

    async def _get(self, call: Call, text: str, *, decrypt: bool) -> Doc | None:
        name, selector = names.select(text)
        if names.is_elsewhere(call, text):
            return None
        if name.startswith(names.SECRETS):
            return await self._secret(call, name, decrypt=decrypt)
        names.refuse_public(name)
        item = store.find(self._db, call, name)
        if item is None:
            return None
        version = store.select(self._db, item, selector) if selector else item
        shown = await self._shown(call, item, version, decrypt=decrypt)
        if selector:
            shown["Selector"] = selector
        return shown

    async def _shown(self, call: Call, item: Parameter, version: Parameter | Version, *, decrypt: bool) -> Doc:
        return {
            "Name": item.name,
            "Type": version.type,
            "Value": await self.value(call, version, decrypt=decrypt),
            "Version": version.version,
            "LastModifiedDate": version.modified,
            "ARN": item.arn,
            "DataType": "text",
        }

    async def _secret(self, call: Call, name: str, *, decrypt: bool) -> Doc:
        """A secret of Secrets Manager, read in the caller's name."""
        if not decrypt:
            raise AwsError(
                "ValidationException", "WithDecryption flag must be True for retrieving a Secret Manager secret."
            )
        secret_id = name.removeprefix(names.SECRETS)
        try:
            secret = await self._call("secretsmanager", "GetSecretValue", {"SecretId": secret_id}, as_=call.caller)
        except AwsError as error:
            if error.code == "AccessDeniedException":
                raise
            message = f"An error occurred ({error.code}) when referencing Secrets Manager: {error.message}"
            raise AwsError("ParameterNotFound", message) from error
        told = {key: secret[key] for key in ("ARN", "Name", "VersionId", "VersionStages")}
        return {
            "Name": name,
            "Type": "SecureString",
            "Value": secret.get("SecretString", ""),
            "Version": 0,
            "SourceResult": orjson.dumps(told).decode(),
            "LastModifiedDate": secret["CreatedDate"],
            "ARN": secret["ARN"],
            "DataType": "text",
        }

    @operation(names.resource)
    async def get_parameters_by_path(self, call: Call, req: Doc) -> Doc:
        path = req["Path"]
        if not path.startswith("/"):
            raise AwsError(
                "ValidationException",
                "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a "
                'forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
            )
        names.refuse_public(path + "/")
        matches = compile_filters(req.get("ParameterFilters", ()), allowed=("Type", "KeyId"))
        prefix = "" if path == "/" else path.rstrip("/") + "/"
        recursive = req.get("Recursive", False)
        found = [
            item
            for item in store.below(self._db, call, prefix)
            if within(item.name, path, recursive=recursive) and matches(item)
        ]
        chosen, token = page(
            found, req.get("MaxResults", 10), req.get("NextToken"), key=lambda p: p.name, error="InvalidNextToken"
        )
        decrypt = req.get("WithDecryption", False)
        shown = [await self._shown(call, item, item, decrypt=decrypt) for item in chosen]
        return {"Parameters": shown, "NextToken": token}
