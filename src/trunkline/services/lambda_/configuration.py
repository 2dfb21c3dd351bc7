"""A function's configuration: from requests, checked, with AWS's defaults; and as answers show it."""

import json
import re
from typing import Any

from trunkline.aws.errors import Refused
from trunkline.aws.service import Doc
from trunkline.services.lambda_ import runtimes
from trunkline.services.lambda_.model import LATEST, Alias, Version
from trunkline.services.lambda_.naming import invalid

_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|"
    r"INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|"
    r"AWS_SESSION_TOKEN|LAMBDA_(TASK_ROOT|RUNTIME_DIR)|AWS_XRAY_DAEMON_ADDRESS"
)
_ENVIRONMENT_LIMIT = 4096
_REFUSED = {
    "FileSystemConfigs": "file systems",
    "CodeSigningConfigArn": "code signing",
    "CapacityProviderConfig": "capacity providers",
    "DurableConfig": "durable functions",
    "TenancyConfig": "tenant isolation",
}
_PLAIN = (
    "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "DeadLetterConfig", "KMSKeyArn",
    "TracingConfig", "EphemeralStorage", "ImageConfig",
)  # fmt: skip
_DEFAULTS: Doc = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
}


def of_request(req: Doc, current: Doc | None = None) -> Doc:
    """The configuration after a CreateFunction (current None) or an UpdateFunctionConfiguration request."""
    for member, what in _REFUSED.items():
        if req.get(member):
            raise Refused(f"Trunkline's functions have no {what}.", code="InvalidParameterValueException", status=400)
    config = {**(_DEFAULTS if current is None else current)}
    config |= {name: req[name] for name in _PLAIN if name in req}
    for name in ("PackageType", "Architectures"):
        if name in req:
            config[name] = req[name]
    if "Environment" in req:
        config["Environment"] = {"Variables": dict((req["Environment"] or {}).get("Variables") or {})}
    if "SnapStart" in req:
        config["SnapStart"] = {"ApplyOn": (req["SnapStart"] or {}).get("ApplyOn", "None")}
    if "LoggingConfig" in req:
        config["LoggingConfig"] = {**config.get("LoggingConfig", {}), **req["LoggingConfig"]}
    if "DeadLetterConfig" in req and not (req["DeadLetterConfig"] or {}).get("TargetArn"):
        config.pop("DeadLetterConfig", None)
    if "ImageConfig" in req and not req["ImageConfig"]:
        config.pop("ImageConfig", None)
    _check(config)
    return config


def _check(config: Doc) -> None:
    if config["PackageType"] == "Zip":
        for name, label in (("Runtime", "Runtime"), ("Handler", "Handler")):
            if not config.get(name):
                raise invalid(f"{label} is mandatory for functions created with deployment packages in .zip format.")
        runtimes.check(config["Runtime"])
        if config.get("ImageConfig"):
            raise invalid("Please don't provide ImageConfig when creating function with packageType 'Zip'.")
    else:
        for name in ("Runtime", "Handler", "Layers"):
            if config.get(name):
                raise invalid(f"Please don't provide {name.lower()} when creating function with packageType 'Image'.")
    variables = (config.get("Environment") or {}).get("Variables") or {}
    taken = [name for name in variables if _RESERVED.fullmatch(name)]
    if taken:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(taken)}"
        )
    if variables and len(json.dumps(variables, separators=(",", ":"))) > _ENVIRONMENT_LIMIT:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {json.dumps(variables, separators=(',', ':'))[:200]}"
        )


def log_group(version: Version) -> str:
    """Where it logs."""
    return str(version.config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{version.name}")


def described(version: Version, *, qualified: str = "") -> Doc:
    """FunctionConfiguration; `qualified` is the qualifier the caller named."""
    config = version.config
    is_version = version.number != LATEST
    arn = version.function_arn
    if qualified or is_version:
        arn = f"{arn}:{qualified or version.number}"
    logging = config.get("LoggingConfig", {})
    answer: Doc = {
        **{name: config[name] for name in _PLAIN if name in config and name != "ImageConfig"},
        "FunctionName": version.name,
        "FunctionArn": arn,
        "CodeSize": version.code.size_bytes,
        "CodeSha256": version.code.sha256,
        "LastModified": version.modified.isoformat(timespec="milliseconds").removesuffix("+00:00") + "+0000",
        "Version": version.number,
        "VpcConfig": config.get("VpcConfig"),
        "Environment": config.get("Environment") if (config.get("Environment") or {}).get("Variables") else None,
        "RevisionId": version.revision,
        "Layers": [{"Arn": layer.arn, "CodeSize": layer.code.size_bytes} for layer in version.layers] or None,
        "State": version.state,
        "LastUpdateStatus": version.update_status,
        "PackageType": config["PackageType"],
        "Architectures": config["Architectures"],
        "SnapStart": {"ApplyOn": config.get("SnapStart", {}).get("ApplyOn", "None"), "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", **logging, "LogGroup": log_group(version)},
    }
    if logging.get("LogFormat") == "JSON":
        answer["LoggingConfig"] = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **answer["LoggingConfig"]}
    if version.state_reason:
        answer["StateReason"] = version.state_reason
        answer["StateReasonCode"] = "Creating" if version.state == "Pending" else "ImageAccessDenied"
    if version.update_reason:
        answer["LastUpdateStatusReason"] = version.update_reason
        answer["LastUpdateStatusReasonCode"] = "ImageAccessDenied"
    if config.get("ImageConfig"):
        answer["ImageConfigResponse"] = {"ImageConfig": config["ImageConfig"]}
    if config.get("Runtime"):
        answer["RuntimeVersionConfig"] = {
            "RuntimeVersionArn": f"arn:aws:lambda:{version.region}::runtime:{config['Runtime']}-trunkline"
        }
    return {name: value for name, value in answer.items() if value is not None}


def described_alias(version_arn: str, alias: Alias) -> Doc:
    """AliasConfiguration; `version_arn` is the function's ARN."""
    return {
        "AliasArn": f"{version_arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RoutingConfig": {"AdditionalVersionWeights": alias.routing} if alias.routing else None,
        "RevisionId": alias.revision,
    }


def same(one: Any, other: Any) -> bool:
    """Whether two versions would run the same: then publishing makes no new one."""
    return bool(one == other)
