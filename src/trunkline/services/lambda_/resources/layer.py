"""AWS::Lambda::LayerVersion and who may use it."""

import json

from trunkline.aws.handlers import given
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.lambda_.resources.function import GONE

_PLAIN = ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")


class LayerVersion(ResourceType):
    """Ref is the version's ARN."""

    name = "AWS::Lambda::LayerVersion"
    honoured = frozenset({*_PLAIN, "Content", "LayerName"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("LayerName") or on.name(64))
        if on.resumed and "LayerName" not in wanted:  # a name of this attempt's own: what has it is what we made
            found = await on.pages("lambda", "ListLayerVersions", "LayerVersions", LayerName=name)
            if found:
                return str(found[0]["LayerVersionArn"])
        params = {key: wanted.get(key) for key in _PLAIN}
        made = await on.call("lambda", "PublishLayerVersion", LayerName=name, Content=wanted["Content"], **params)
        return str(made["LayerVersionArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("lambda", "GetLayerVersionByArn", GONE, Arn=physical_id)
        if found is None:
            return None
        return given(
            LayerVersionArn=physical_id,
            LayerName=found["LayerArn"].rpartition(":")[2],
            **{key: found.get(key) or None for key in _PLAIN},
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Every property needs a replacement."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        arn, _, number = physical_id.rpartition(":")
        await on.look("lambda", "DeleteLayerVersion", GONE, LayerName=arn, VersionNumber=int(number))

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for layer in await on.pages("lambda", "ListLayers", "Layers"):
            found += await on.pages("lambda", "ListLayerVersions", "LayerVersions", LayerName=layer["LayerName"])
        return [one["LayerVersionArn"] for one in found]


class LayerVersionPermission(ResourceType):
    """Ref is the layer version's ARN and the statement's id, joined by #."""

    name = "AWS::Lambda::LayerVersionPermission"
    honoured = frozenset({"Action", "LayerVersionArn", "OrganizationId", "Principal"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        arn, sid = wanted["LayerVersionArn"], on.name(100)
        made = f"{arn}#{sid}"
        if on.resumed and await self.read(on, made) is not None:
            return made
        layer, _, number = arn.rpartition(":")
        params = {key: wanted.get(key) for key in ("Action", "OrganizationId", "Principal")}
        where = {"LayerName": layer, "VersionNumber": int(number), "StatementId": sid}
        await on.call("lambda", "AddLayerVersionPermission", **where, **params)
        return made

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        arn, _, sid = physical_id.partition("#")
        layer, _, number = arn.rpartition(":")
        found = await on.look("lambda", "GetLayerVersionPolicy", GONE, LayerName=layer, VersionNumber=int(number))
        statements = json.loads(found["Policy"])["Statement"] if found else []
        statement = next((one for one in statements if one["Sid"] == sid), None)
        if statement is None:
            return None
        principal = statement["Principal"]
        if isinstance(principal, dict):
            principal = principal["AWS"]
            wanted = on.kept.get("Principal", "")
            if principal.endswith(":root") and wanted != principal:
                principal = principal.split(":")[4]
        condition = statement.get("Condition", {}).get("StringEquals", {})
        return given(
            Id=physical_id,
            LayerVersionArn=arn,
            Action=statement["Action"],
            Principal=principal,
            OrganizationId=condition.get("aws:PrincipalOrgID"),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Every property needs a replacement."""

    async def delete(self, on: Provision, physical_id: str) -> None:
        arn, _, sid = physical_id.partition("#")
        layer, _, number = arn.rpartition(":")
        where = {"LayerName": layer, "VersionNumber": int(number), "StatementId": sid}
        await on.look("lambda", "RemoveLayerVersionPermission", GONE, **where)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for arn in await LayerVersion().existing(on):
            layer, _, number = arn.rpartition(":")
            policy = await on.look("lambda", "GetLayerVersionPolicy", GONE, LayerName=layer, VersionNumber=int(number))
            if policy is not None:
                found += [f"{arn}#{one['Sid']}" for one in json.loads(policy["Policy"])["Statement"]]
        return found
