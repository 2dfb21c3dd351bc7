"""What a project may ask for: AWS's rules, and what Trunkline does not do, refused by name."""

import re

from trunkline.aws.errors import AwsError
from trunkline.services.codebuild import remote
from trunkline.services.codebuild.model import Doc

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}")
_SOURCES = ("CODECOMMIT", "CODEPIPELINE", "S3", "NO_SOURCE", *remote.KINDS)
_NOT_HERE = ("fileSystemLocations", "buildBatchConfig", "vpcConfig", "autoRetryLimit")


def invalid(message: str) -> AwsError:
    """AWS's error for input that makes no sense."""
    return AwsError("InvalidInputException", message)


def check_name(name: str) -> None:
    """A project's name."""
    if not _NAME.fullmatch(name):
        raise invalid(f"Invalid project name: {name}")


def check(settings: Doc) -> Doc:
    """The settings with AWS's defaults filled in; AwsError for what is wrong or not supported."""
    for member in _NOT_HERE:
        value = settings.get(member)
        if value and value != {"subnets": [], "securityGroupIds": []}:
            raise invalid(f"{member} is not supported by Trunkline: leave it out.")
    if settings.get("badgeEnabled"):
        raise invalid("badgeEnabled is not supported by Trunkline: leave it out.")
    if settings.get("logsConfig", {}).get("s3Logs", {}).get("status") == "ENABLED":
        raise invalid("s3Logs is not supported by Trunkline: builds log to CloudWatch Logs.")
    cache = settings.setdefault("cache", {"type": "NO_CACHE"})
    # Docker's layers are kept for all builds. Any other cache is one that never hits, which no build may rely on.
    if cache["type"] == "S3" and not cache.get("location"):
        raise invalid("Invalid cache: location is required for the type S3.")
    _check_source(settings["source"], "source")
    for source in settings.get("secondarySources", []):
        if not source.get("sourceIdentifier"):
            raise invalid("A secondary source needs a sourceIdentifier.")
        _check_source(source, f"secondary source {source['sourceIdentifier']}")
    _check_artifacts(settings["artifacts"], settings["source"]["type"])
    for artifact in settings.get("secondaryArtifacts", []):
        if not artifact.get("artifactIdentifier"):
            raise invalid("A secondary artifact needs an artifactIdentifier.")
        _check_artifacts(artifact, settings["source"]["type"])
    _check_environment(settings["environment"])
    if not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/.+", settings["serviceRole"]):
        raise invalid(f"Invalid service role: {settings['serviceRole']}")
    settings.setdefault("timeoutInMinutes", 60)
    settings.setdefault("queuedTimeoutInMinutes", 480)
    return settings


def _check_source(source: Doc, label: str) -> None:
    if source["type"] not in _SOURCES:
        raise invalid(f"The {label} type {source['type']} is not supported by Trunkline: use {', '.join(_SOURCES)}.")
    if source["type"] in ("CODECOMMIT", "S3") and not source.get("location"):
        raise invalid(f"The {label} of type {source['type']} needs a location.")
    if source["type"] in remote.KINDS and not remote.is_location(source.get("location", "")):
        raise invalid(f"The {label} location must be the HTTPS address of a git repository.")
    if source["type"] == "S3" and "/" not in source["location"].removeprefix("arn:aws:s3:::"):
        raise invalid(f"The {label} location must be bucket/key: {source['location']}")
    if source["type"] == "NO_SOURCE" and label == "source" and not source.get("buildspec"):
        raise invalid("A project with no source needs an inline buildspec.")


def _check_artifacts(artifacts: Doc, source_type: str) -> None:
    if artifacts["type"] == "S3" and not artifacts.get("location"):
        raise invalid("Invalid artifacts: location must be the name of a bucket.")
    if (artifacts["type"] == "CODEPIPELINE") != (source_type == "CODEPIPELINE"):
        raise invalid("Invalid artifacts: CODEPIPELINE artifacts and a CODEPIPELINE source belong together.")


def _check_environment(environment: Doc) -> None:
    if environment["type"] != "LINUX_CONTAINER":
        raise invalid(f"The environment type {environment['type']} is not supported by Trunkline: use LINUX_CONTAINER.")
    if not environment["computeType"].startswith("BUILD_GENERAL1_"):
        raise invalid(f"The compute type {environment['computeType']} is not supported by Trunkline.")
    for member in ("certificate", "registryCredential", "fleet", "dockerServer"):
        if environment.get(member):
            raise invalid(f"environment.{member} is not supported by Trunkline: leave it out.")
    names = [variable["name"] for variable in environment.get("environmentVariables", [])]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise invalid(f"The environment variable {doubled} is given twice.")
    environment.setdefault("environmentVariables", [])
    environment.setdefault("privilegedMode", False)
    environment.setdefault("imagePullCredentialsType", "CODEBUILD")
