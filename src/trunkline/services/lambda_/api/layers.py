"""Layers: packages that several functions share, in versions that never change."""

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.lambda_ import policies, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.downloads import Downloads
from trunkline.services.lambda_.model import LayerVersion
from trunkline.services.lambda_.naming import check_revision, conflict, invalid
from trunkline.services.lambda_.sources import Sources

_PAGE = 50


def _layer(call: Call, req: Doc) -> str:
    name = req["LayerName"]
    arn = name if name.startswith("arn:") else call.arn(f"layer:{name}")
    return f"{arn}:{req['VersionNumber']}" if "VersionNumber" in req else str(arn)


class Layers(Operations):
    @operation(_layer)
    async def publish_layer_version(self, call: Call, req: Doc) -> Doc:
        account, region, name = _parsed(call, req["LayerName"])
        sources = Sources(self.kit, self.context.packages, self.context.engines.containers)
        code = await sources.code(call, req["Content"], "Zip")
        now = self.kit.clock.now()

        def write(tx: Tx) -> LayerVersion:
            made = LayerVersion(
                account,
                region,
                name,
                store.next_layer_number(tx, account, region, name),
                code,
                now,
                req.get("Description", ""),
                req.get("LicenseInfo", ""),
                list(req.get("CompatibleRuntimes") or []),
                list(req.get("CompatibleArchitectures") or []),
            )
            store.LAYERS.insert(tx, made)
            return made

        return _described(self.context.downloads, call, await self.kit.db.write(write))

    @operation(_layer)
    async def get_layer_version(self, call: Call, req: Doc) -> Doc:
        return _described(self.context.downloads, call, self._version(call, req["LayerName"], req["VersionNumber"]))

    @operation(lambda call, req: str(req["Arn"]), action="lambda:GetLayerVersion")
    async def get_layer_version_by_arn(self, call: Call, req: Doc) -> Doc:
        arn, _, number = req["Arn"].rpartition(":")
        return _described(self.context.downloads, call, self._version(call, arn, int(number)))

    @operation(_layer)
    async def delete_layer_version(self, call: Call, req: Doc) -> Doc:
        account, region, name = _parsed(call, req["LayerName"])
        await self.kit.db.write(lambda tx: store.LAYERS.delete(tx, account, region, name, req["VersionNumber"]))
        return {}

    @operation(_layer)
    async def list_layer_versions(self, call: Call, req: Doc) -> Doc:
        found = store.LAYERS.find(self.kit.db, prefix=_parsed(call, req["LayerName"]))
        chosen, marker = page(
            [layer for layer in found if _is_wanted(layer, req)],
            min(req.get("MaxItems", _PAGE), _PAGE),
            req.get("Marker"),
            key=lambda layer: str(layer.version).zfill(10),
            error="InvalidParameterValueException",
            reverse=True,
        )
        return {"LayerVersions": [_summary(layer) for layer in chosen], "NextMarker": marker}

    @operation()
    async def list_layers(self, call: Call, req: Doc) -> Doc:
        newest: dict[str, LayerVersion] = {}
        for layer in store.LAYERS.find(self.kit.db, prefix=(call.account, call.region)):
            if _is_wanted(layer, req):
                newest[layer.name] = layer
        chosen, marker = page(
            newest.values(),
            min(req.get("MaxItems", _PAGE), _PAGE),
            req.get("Marker"),
            key=lambda layer: layer.name,
            error="InvalidParameterValueException",
        )
        layers = [
            {"LayerName": one.name, "LayerArn": one.layer_arn, "LatestMatchingVersion": _summary(one)} for one in chosen
        ]
        return {"Layers": layers, "NextMarker": marker}

    @operation(_layer)
    async def add_layer_version_permission(self, call: Call, req: Doc) -> Doc:
        principal = req["Principal"]
        made: Doc = {"Sid": req["StatementId"], "Effect": "Allow"}
        is_account = principal.isdigit() and len(principal) == 12
        made["Principal"] = (
            "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root" if is_account else principal}
        )
        if req.get("OrganizationId"):
            made["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": req["OrganizationId"]}}

        def write(tx: Tx) -> LayerVersion:
            layer = self._version(call, req["LayerName"], req["VersionNumber"], tx)
            check_revision(req.get("RevisionId"), layer.policy.revision)
            made.update({"Action": req["Action"], "Resource": layer.arn})
            policies.check(made)
            if made["Sid"] in layer.policy.statements:
                raise conflict(
                    f"The statement id ({made['Sid']}) provided already exists. Please provide a new statement id, or "
                    "remove the existing statement."
                )
            layer.policy.statements[made["Sid"]] = made
            layer.policy.revision = ids.uuid()
            store.LAYERS.put(tx, layer)
            return layer

        layer = await self.kit.db.write(write)
        return {"Statement": orjson.dumps(made).decode(), "RevisionId": layer.policy.revision}

    @operation(_layer)
    async def remove_layer_version_permission(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> None:
            layer = self._version(call, req["LayerName"], req["VersionNumber"], tx)
            check_revision(req.get("RevisionId"), layer.policy.revision)
            if layer.policy.statements.pop(req["StatementId"], None) is None:
                message = f"Statement {req['StatementId']} is not found in resource policy."
                raise AwsError("ResourceNotFoundException", message, Type="User")
            layer.policy.revision = ids.uuid()
            store.LAYERS.put(tx, layer)

        await self.kit.db.write(write)
        return {}

    @operation(_layer)
    async def get_layer_version_policy(self, call: Call, req: Doc) -> Doc:
        policy = self._version(call, req["LayerName"], req["VersionNumber"]).policy
        if not policy.statements:
            raise AwsError("ResourceNotFoundException", "No policy is associated with the given resource.", Type="User")
        return {"Policy": orjson.dumps(policies.document(policy)).decode(), "RevisionId": policy.revision}

    def _version(self, call: Call, name: str, number: int, tx: Tx | None = None) -> LayerVersion:
        account, region, plain = _parsed(call, name)
        found = store.LAYERS.get(tx or self.kit.db, account, region, plain, number)
        if found is None:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", Type="User")
        return found


def _described(downloads: Downloads, call: Call, layer: LayerVersion) -> Doc:
    return {
        **_summary(layer),
        "LayerArn": layer.layer_arn,
        "Content": {
            "Location": downloads.url(call.host, layer.code.folder),
            "CodeSha256": layer.code.sha256,
            "CodeSize": layer.code.size_bytes,
        },
    }


def _parsed(call: Call, name: str) -> tuple[str, str, str]:
    if not name.startswith("arn:"):
        return call.account, call.region, name
    pieces = name.split(":")
    if len(pieces) < 7:
        raise invalid(f"Layer ARN is not valid: {name}")
    return pieces[4], pieces[3], pieces[6]


def _is_wanted(layer: LayerVersion, req: Doc) -> bool:
    runtime, architecture = req.get("CompatibleRuntime"), req.get("CompatibleArchitecture")
    return (not runtime or runtime in layer.runtimes) and (not architecture or architecture in layer.architectures)


def _summary(layer: LayerVersion) -> Doc:
    return {
        "LayerVersionArn": layer.arn,
        "Version": layer.version,
        "Description": layer.description,
        "CreatedDate": layer.created.isoformat(timespec="milliseconds").removesuffix("+00:00") + "+0000",
        "CompatibleRuntimes": layer.runtimes or None,
        "CompatibleArchitectures": layer.architectures or None,
        "LicenseInfo": layer.license or None,
    }
