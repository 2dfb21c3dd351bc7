"""AWS::Lambda::Function."""

import base64
import hashlib
from typing import Any

from trunkline.aws import tags
from trunkline.aws.handlers import differs, given
from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.lambda_.packaging_modules import zipped

GONE = "ResourceNotFoundException"
_CONFIGURATION = (
    "DeadLetterConfig", "Description", "Environment", "EphemeralStorage", "Handler", "ImageConfig", "Layers",
    "LoggingConfig", "MemorySize", "Role", "Runtime", "SnapStart", "Timeout", "TracingConfig", "VpcConfig",
)  # fmt: skip
_APART = (
    "Architectures", "Code", "FunctionName", "KmsKeyArn", "PackageType", "RecursiveLoop",
    "ReservedConcurrentExecutions", "RuntimeManagementConfig", "Tags",
)  # fmt: skip
_SHOWN_OTHERWISE = ("Layers", "ImageConfig", "SnapStart", "VpcConfig")
# What UpdateFunctionConfiguration takes for a property that a template had and has no more.
_CLEARED: Doc = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "ImageConfig": {},
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    "KMSKeyArn": "",
}


class Function(ResourceType):
    name = "AWS::Lambda::Function"
    honoured = frozenset({*_CONFIGURATION, *_APART})
    recorded = frozenset({"PublishToLatestPublished"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted.get("FunctionName") or on.name(64))
        if on.resumed:
            found = await on.look("lambda", "GetFunction", GONE, FunctionName=name)
            if found is not None and on.owns(found.get("Tags", {})):
                await self._settle(on, name, {}, wanted)
                return name
        params = {
            "FunctionName": name,
            "Code": _code(wanted),
            "PackageType": wanted.get("PackageType"),
            "Architectures": wanted.get("Architectures"),
            "KMSKeyArn": wanted.get("KmsKeyArn"),
            "Tags": on.tags(wanted.get("Tags")),
            **{key: wanted[key] for key in _CONFIGURATION if key in wanted},
        }
        await on.call("lambda", "CreateFunction", **params)
        await on.made(name)
        await self._active(on, name)
        await self._settle(on, name, {}, wanted)
        return name

    async def _active(self, on: Provision, name: str) -> None:
        async def look() -> Doc | None:
            found = await on.call("lambda", "GetFunctionConfiguration", FunctionName=name)
            if found["State"] == "Failed" or found["LastUpdateStatus"] == "Failed":
                raise NotStabilized(found.get("StateReason") or found.get("LastUpdateStatusReason") or "It failed.")
            return found if found["State"] == "Active" and found["LastUpdateStatus"] == "Successful" else None

        await on.until(look, f"function {name} to become active")

    async def _settle(self, on: Provision, name: str, old: Doc, new: Doc) -> None:
        """What is set by operations of its own."""
        if differs(old, new, "ReservedConcurrentExecutions"):
            count = new.get("ReservedConcurrentExecutions")
            if count is None:
                await on.call("lambda", "DeleteFunctionConcurrency", FunctionName=name)
            else:
                await on.call("lambda", "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=count)
        if differs(old, new, "RecursiveLoop"):
            loop = new.get("RecursiveLoop", "Terminate")
            await on.call("lambda", "PutFunctionRecursionConfig", FunctionName=name, RecursiveLoop=loop)
        if differs(old, new, "RuntimeManagementConfig"):
            config = new.get("RuntimeManagementConfig") or {"UpdateRuntimeOn": "Auto"}
            await on.call("lambda", "PutRuntimeManagementConfig", FunctionName=name, **config)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await on.look("lambda", "GetFunction", GONE, FunctionName=physical_id)
        if found is None:
            return None
        now = found["Configuration"]
        read: Doc = {
            "FunctionName": now["FunctionName"],
            "Arn": now["FunctionArn"],
            "SnapStartResponse": now.get("SnapStart"),
            "Tags": tags.pairs(tags.own(found.get("Tags", {}))),
            **{key: now.get(key) for key in _CONFIGURATION if key not in _SHOWN_OTHERWISE},
            **{key: now.get(key) for key in ("Architectures", "PackageType")},
            "KmsKeyArn": now.get("KMSKeyArn") or None,
            "ReservedConcurrentExecutions": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "Layers": [layer["Arn"] for layer in now.get("Layers", [])] or None,
            "ImageConfig": now.get("ImageConfigResponse", {}).get("ImageConfig"),
            "Code": _code_now(on, found),
        }
        if now.get("VpcConfig"):
            read["VpcConfig"] = {key: value for key, value in now["VpcConfig"].items() if key != "VpcId"}
        if "RecursiveLoop" in on.kept or not on.kept:
            loop = await on.call("lambda", "GetFunctionRecursionConfig", FunctionName=physical_id)
            read["RecursiveLoop"] = loop["RecursiveLoop"]
        if "RuntimeManagementConfig" in on.kept:
            managed = await on.call("lambda", "GetRuntimeManagementConfig", FunctionName=physical_id)
            read["RuntimeManagementConfig"] = given(
                UpdateRuntimeOn=managed["UpdateRuntimeOn"], RuntimeVersionArn=managed.get("RuntimeVersionArn")
            )
        return given(**read)

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        names = [key for key in _CONFIGURATION if old.get(key) != new.get(key)]
        changed: dict[str, Any] = {key: new.get(key, _CLEARED.get(key)) for key in names}
        if differs(old, new, "KmsKeyArn"):
            changed["KMSKeyArn"] = new.get("KmsKeyArn", "")
        if differs(old, new, "Code", "Architectures") or ("Runtime" in names and "ZipFile" in new.get("Code", {})):
            code = {key: value for key, value in _code(new).items() if key != "SourceKMSKeyArn"}
            await on.call(
                "lambda", "UpdateFunctionCode", FunctionName=physical_id, Architectures=new.get("Architectures"), **code
            )
            await self._active(on, physical_id)
        if changed:
            await on.call("lambda", "UpdateFunctionConfiguration", FunctionName=physical_id, **changed)
            await self._active(on, physical_id)
        await self._settle(on, physical_id, old, new)
        found = await on.call("lambda", "GetFunction", FunctionName=physical_id)
        put, drop = on.tag_changes(found.get("Tags", {}), new.get("Tags"))
        arn = found["Configuration"]["FunctionArn"]
        if put:
            await on.call("lambda", "TagResource", Resource=arn, Tags=put)
        if drop:
            await on.call("lambda", "UntagResource", Resource=arn, TagKeys=drop)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("lambda", "DeleteFunction", GONE, FunctionName=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        return [one["FunctionName"] for one in await on.pages("lambda", "ListFunctions", "Functions")]

    def refusals(self, wanted: Doc) -> list[str]:
        found = []
        for key, what in (("FileSystemConfigs", "file systems"), ("CodeSigningConfigArn", "code signing")):
            if wanted.get(key):
                found.append(f"Functions have no {what} here.")
        return found


def _code(wanted: Doc) -> Doc:
    """FunctionCode of the template's Code, whose ZipFile is the source itself."""
    code = dict(wanted["Code"])
    if isinstance(code.get("ZipFile"), str):
        code["ZipFile"] = zipped(code["ZipFile"], str(wanted.get("Runtime", "")))
    return code


def _code_now(on: Provision, found: Doc) -> Doc | None:
    """The code as the template has it, while that is what runs; of an object in S3 that cannot be told."""
    if image := found["Code"].get("ImageUri"):
        return {"ImageUri": image}
    kept = on.kept.get("Code")
    if kept and isinstance(kept.get("ZipFile"), str):
        digest = hashlib.sha256(zipped(kept["ZipFile"], str(on.kept.get("Runtime", "")))).digest()
        now = found["Configuration"]["CodeSha256"]
        if base64.b64encode(digest).decode() != now:
            return {"ZipFile": f"(other code, SHA-256 {now})"}
    return dict(kept) if kept else None
