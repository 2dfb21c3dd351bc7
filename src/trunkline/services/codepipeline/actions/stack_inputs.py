"""What a CloudFormation action gives its stack: parameters, tags and policy, from artifacts and overrides."""

from dataclasses import dataclass, field
from typing import Any

from trunkline.services.codepipeline.action import Action, ActionFailed
from trunkline.services.codepipeline.actions import files
from trunkline.services.codepipeline.model import Doc


@dataclass(slots=True)
class StackInputs:
    """In the members of CreateStack."""

    parameters: list[Doc] = field(default_factory=list)
    tags: list[Doc] = field(default_factory=list)
    policy: str | None = None


async def read(action: Action) -> StackInputs:
    """The template configuration, with the parameter overrides put over its parameters."""
    configuration: Any = {}
    place = action.configuration.get("TemplateConfiguration")
    if place:
        configuration = files.json(await file(action, place), place)
        if not isinstance(configuration, dict):
            raise ActionFailed("InvalidArtifact", f"{place} must be a JSON object.")
    overrides: Any = {}
    text = action.configuration.get("ParameterOverrides")
    if text:
        overrides = files.json(text, "ParameterOverrides")
        if not isinstance(overrides, dict):
            raise ActionFailed("ConfigurationError", "ParameterOverrides must be a JSON object.")
    given = {**configuration.get("Parameters", {}), **overrides}
    policy = configuration.get("StackPolicy")
    return StackInputs(
        [{"ParameterKey": key, "ParameterValue": await _value(action, value)} for key, value in given.items()],
        [{"Key": key, "Value": str(value)} for key, value in configuration.get("Tags", {}).items()],
        None if policy is None else files.dumped(policy),
    )


async def file(action: Action, place: str) -> str:
    """The text of `artifact::path`."""
    artifact, _, path = place.partition("::")
    if not path:
        raise ActionFailed("ConfigurationError", f"{place} must be given as Artifact::file.")
    return await files.text(action, artifact, path)


async def _value(action: Action, value: Any) -> str:
    """A parameter's value; the two functions of overrides look into input artifacts."""
    if isinstance(value, dict) and set(value) == {"Fn::GetArtifactAtt"}:
        artifact, attribute = value["Fn::GetArtifactAtt"]
        return _attribute(action, artifact, attribute)
    if isinstance(value, dict) and set(value) == {"Fn::GetParam"}:
        artifact, path, key = value["Fn::GetParam"]
        found = files.json(await files.text(action, artifact, path), path)
        if not isinstance(found, dict) or key not in found:
            raise ActionFailed("InvalidArtifact", f"{path} of the artifact {artifact} has no key {key}.")
        return str(found[key])
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _attribute(action: Action, artifact: str, attribute: str) -> str:
    place = action.inputs.get(artifact)
    if place is None:
        raise ActionFailed("ConfigurationError", f"The action has no input artifact named {artifact}.")
    if attribute == "BucketName":
        return str(place["bucket"])
    if attribute == "ObjectKey":
        return str(place["key"])
    if attribute == "URL":
        return f"{action.kit.settings.endpoint}/{place['bucket']}/{place['key']}"
    raise ActionFailed("ConfigurationError", f"Artifacts have no attribute {attribute}.")
