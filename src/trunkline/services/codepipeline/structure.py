"""Is a pipeline's declaration one that AWS would accept, and one that Trunkline can run?

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

import copy
from dataclasses import dataclass

from trunkline.aws.errors import AwsError
from trunkline.services.codepipeline.model import Doc
from trunkline.services.codepipeline.variables import references


@dataclass(frozen=True, slots=True)
class ActionType:
    """What AWS's action structure reference says of an action: artifact counts, configuration keys."""

    category: str
    provider: str
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_ECS_BLUE_GREEN = tuple(f"Image{n}{kind}" for n in range(1, 5) for kind in ("ArtifactName", "ContainerName"))
_CODEBUILD = (("ProjectName",), ("PrimarySource", "EnvironmentVariables", "BatchEnabled", "CombineArtifacts"))
TYPES = {
    (t.category, t.provider): t
    for t in (
        ActionType(
            "Source", "CodeCommit", (0, 0), (1, 1), ("RepositoryName", "BranchName"),
            ("PollForSourceChanges", "OutputArtifactFormat"),
        ),
        ActionType("Source", "S3", (0, 0), (1, 1), ("S3Bucket", "S3ObjectKey"), ("PollForSourceChanges",)),
        ActionType("Source", "ECR", (0, 0), (1, 1), ("RepositoryName",), ("ImageTag",)),
        ActionType("Build", "CodeBuild", (1, 5), (0, 5), *_CODEBUILD),
        ActionType("Test", "CodeBuild", (1, 5), (0, 5), *_CODEBUILD),
        ActionType("Approval", "Manual", (0, 0), (0, 0), (), ("NotificationArn", "CustomData", "ExternalEntityLink")),
        ActionType(
            "Deploy", "CodeDeployToECS", (1, 5), (0, 0),
            ("ApplicationName", "DeploymentGroupName", "TaskDefinitionTemplateArtifact", "AppSpecTemplateArtifact"),
            ("TaskDefinitionTemplatePath", "AppSpecTemplatePath", *_ECS_BLUE_GREEN),
        ),
        ActionType("Deploy", "ECS", (1, 1), (0, 0), ("ClusterName", "ServiceName"), ("FileName", "DeploymentTimeout")),
        ActionType(
            "Deploy", "CloudFormation", (0, 10), (0, 1), ("ActionMode", "StackName"),
            ("Capabilities", "ChangeSetName", "RoleArn", "TemplatePath", "TemplateConfiguration", "OutputFileName",
             "ParameterOverrides"),
        ),
        ActionType("Deploy", "S3", (1, 1), (0, 0), ("BucketName", "Extract"), ("ObjectKey", "CacheControl")),
        ActionType("Invoke", "Lambda", (0, 5), (0, 5), ("FunctionName",), ("UserParameters",)),
    )
}  # fmt: skip

_PIPELINE_NAMESPACES = {"variables", "codepipeline"}


def check(declaration: Doc, region: str) -> Doc:
    """The declaration with AWS's defaults filled in; AwsError for what is wrong with it."""
    pipeline = copy.deepcopy(declaration)
    pipeline.setdefault("executionMode", "SUPERSEDED")
    pipeline.setdefault("pipelineType", "V1")
    if pipeline["pipelineType"] == "V1" and (pipeline.get("variables") or pipeline["executionMode"] != "SUPERSEDED"):
        raise AwsError(
            "InvalidStructureException",
            "Pipeline variables and the execution modes QUEUED and PARALLEL need a pipeline of type V2.",
        )
    if pipeline.get("triggers"):
        raise AwsError(
            "InvalidStructureException",
            "Triggers belong to CodeStarSourceConnection sources, which Trunkline does not support: "
            "a CodeCommit source starts the pipeline by itself.",
        )
    if bool(pipeline.get("artifactStore")) == bool(pipeline.get("artifactStores")):
        raise AwsError(
            "InvalidStructureException", "Exactly one of artifactStore and artifactStores must be specified."
        )
    stages = pipeline["stages"]
    if len(stages) < 2:
        raise AwsError(
            "InvalidStructureException",
            f"Pipeline has {len(stages)} stage(s). There should be a minimum of 2 stages in a pipeline",
        )
    if len(stages) > 50:
        raise AwsError("InvalidStructureException", "A pipeline can have no more than 50 stages.")
    _unique([stage["name"] for stage in stages], "InvalidStageDeclarationException", "Stage")
    for number, stage in enumerate(stages):
        _check_stage(stage, region, first=number == 0)
    _check_flow(pipeline)
    return pipeline


def _unique(names: list[str], error: str, kind: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise AwsError(error, f"{kind} name must be unique: {name} is used {names.count(name)} times.")


def _check_stage(stage: Doc, region: str, *, first: bool) -> None:
    name = stage["name"]
    if not stage["actions"]:
        raise AwsError("InvalidStageDeclarationException", f"Stage {name} has no actions.")
    for member in ("onFailure", "onSuccess", "beforeEntry"):
        if stage.get(member):
            raise AwsError(
                "InvalidStageDeclarationException",
                f"Stage {name}: {member} conditions are not supported by Trunkline; put a manual approval instead.",
            )
    if stage.get("blockers"):
        raise AwsError("InvalidStageDeclarationException", "Blockers are reserved by AWS and cannot be declared.")
    _unique([a["name"] for a in stage["actions"]], "InvalidActionDeclarationException", "Action")
    for action in stage["actions"]:
        _check_action(stage, action, region)
        if (action["actionTypeId"]["category"] == "Source") != first:
            raise AwsError(
                "InvalidStageDeclarationException",
                "Only the first stage of a pipeline may hold source actions, and it may hold nothing else: "
                f"action {action['name']} in stage {name}.",
            )


def _check_action(stage: Doc, action: Doc, region: str) -> None:
    kind = action["actionTypeId"]
    label = f"action '{action['name']}' in stage '{stage['name']}'"
    known = TYPES.get((kind["category"], kind["provider"]))
    if known is None or kind["owner"] != "AWS" or kind["version"] != "1":
        offered = ", ".join(f"{c}/{p}" for c, p in sorted(TYPES))
        raise AwsError(
            "InvalidActionDeclarationException",
            f"ActionType (Category: '{kind['category']}', Provider: '{kind['provider']}', Owner: '{kind['owner']}', "
            f"Version: '{kind['version']}') in {label} is not available. Trunkline runs: {offered}.",
        )
    if action.get("commands"):
        raise AwsError("InvalidActionDeclarationException", f"{label}: commands are not supported.")
    if action.get("region", region) != region:
        text = f"{label} is in {action['region']}, the pipeline in {region}: cross-region actions are not supported."
        raise AwsError("InvalidActionDeclarationException", text)
    action.setdefault("runOrder", 1)
    action.setdefault("configuration", {})
    action.setdefault("inputArtifacts", [])
    action.setdefault("outputArtifacts", [])
    for member, (least, most) in (("inputArtifacts", known.inputs), ("outputArtifacts", known.outputs)):
        count = len(action[member])
        if not least <= count <= most:
            raise AwsError(
                "InvalidActionDeclarationException",
                f"{label} has {count} {member}; {known.provider} takes from {least} to {most}.",
            )
    _check_configuration(known, action, label)


def _check_configuration(known: ActionType, action: Doc, label: str) -> None:
    configuration = action["configuration"]
    missing = [key for key in known.required if not configuration.get(key)]
    if missing:
        raise AwsError(
            "InvalidActionDeclarationException",
            f"Action configuration for {label} is missing required configuration '{missing[0]}'",
        )
    unknown = [key for key in configuration if key not in known.required + known.optional]
    if unknown:
        raise AwsError(
            "InvalidActionDeclarationException",
            f"Action configuration for {label} contains unknown configuration '{unknown[0]}'",
        )
    if configuration.get("OutputArtifactFormat", "CODE_ZIP") != "CODE_ZIP":
        raise AwsError("InvalidActionDeclarationException", f"{label}: only the CODE_ZIP output format is supported.")
    if configuration.get("BatchEnabled", "false").lower() == "true":
        raise AwsError("InvalidActionDeclarationException", f"{label}: batch builds are not supported.")
    if len(action["inputArtifacts"]) > 1 and known.provider == "CodeBuild" and not configuration.get("PrimarySource"):
        raise AwsError("InvalidActionDeclarationException", f"{label} has several inputs and needs PrimarySource.")


def _check_flow(pipeline: Doc) -> None:
    """Artifacts and variables are used only behind the action that makes them."""
    made: set[str] = set()
    namespaces: set[str] = set(_PIPELINE_NAMESPACES)
    declared = {variable["name"] for variable in pipeline.get("variables", [])}
    for stage in pipeline["stages"]:
        for order in sorted({action["runOrder"] for action in stage["actions"]}):
            group = [action for action in stage["actions"] if action["runOrder"] == order]
            for action in group:
                label = f"action '{action['name']}' in stage '{stage['name']}'"
                for artifact in action["inputArtifacts"]:
                    if artifact["name"] not in made:
                        raise AwsError(
                            "InvalidActionDeclarationException",
                            f"The input artifact '{artifact['name']}' of {label} is not produced by an earlier action.",
                        )
                for key, text in action["configuration"].items():
                    for namespace, name in references(text):
                        if namespace not in namespaces or (namespace == "variables" and name not in declared):
                            raise AwsError(
                                "InvalidActionDeclarationException",
                                f"{label} refers in {key} to #{{{namespace}.{name}}}, "
                                "which no earlier action provides.",
                            )
            for action in group:
                for artifact in action["outputArtifacts"]:
                    if artifact["name"] in made:
                        raise AwsError(
                            "InvalidActionDeclarationException",
                            "Output Artifact Bundle name must be unique within the pipeline. "
                            f"{artifact['name']} has been used more than once.",
                        )
                    made.add(artifact["name"])
                namespace = action.get("namespace")
                if namespace:
                    if namespace in namespaces:
                        raise AwsError(
                            "InvalidActionDeclarationException", f"The namespace {namespace} is used more than once."
                        )
                    namespaces.add(namespace)
