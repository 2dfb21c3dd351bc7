"""In which order transforms run, and what each sees.

Nested Fn::Transform run first, from the innermost outwards, each seeing the object it stands in; then those of the
Transform section in the order declared, each seeing the whole template. What one of these gives may hold Fn::Transform
again, which runs before the next.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/create-reusable-transform-function-snippets-and-add-to-your-template-with-aws-include-transform.html
"""

from collections.abc import Mapping
from typing import Any

from trunkline.services.cloudformation.template.errors import TransformError
from trunkline.services.cloudformation.template.intrinsics import evaluate
from trunkline.services.cloudformation.template.model import (
    INCLUDE,
    LANGUAGE_EXTENSIONS,
    SERVERLESS,
    TRANSFORM,
    Doc,
    Template,
    TransformUse,
    holds,
    transforms_of,
)
from trunkline.services.cloudformation.template.scope import PlainScope, pseudo_parameters
from trunkline.services.cloudformation.template.transforms.include import included, merged
from trunkline.services.cloudformation.template.transforms.interface import Transforming
from trunkline.services.cloudformation.template.transforms.language import extend
from trunkline.services.cloudformation.template.transforms.serverless import serverless

_REFUSED = {
    "AWS::CodeDeployBlueGreen": "use a CodeDeploy deployment group of the ECS platform for blue/green deployments",
    "AWS::SecretsManager-2020-07-23": "declare the rotation function as AWS::Lambda::Function",
    "AWS::SecretsManager-2024-09-16": "declare the rotation function as AWS::Lambda::Function",
    "AWS::ServiceCatalog": "pass the other product's outputs as parameters",
    "AWS::CodeStar": "AWS has retired it",
}


async def transform(doc: Doc, transforming: Transforming) -> Doc:
    """The processed template. Raises TransformError, whose message is the stack's or change set's status reason."""
    uses = transforms_of(doc.get("Transform"))
    processed = {key: value for key, value in doc.items() if key != "Transform"}
    scope = _scope(processed, transforming)
    processed = await _nested(processed, scope, transforming)
    for use in uses:
        _refuse(use.name)
        given = await evaluate(use.parameters, scope) if use.parameters else {}
        found = await _run(TransformUse(use.name, given), processed, transforming, whole=True)
        if not isinstance(found, dict):
            raise TransformError("Template format error: unsupported structure.")
        processed = {key: value for key, value in found.items() if key != "Transform"}
        if holds(processed, TRANSFORM):
            processed = await _nested(processed, scope, transforming)
    if any(use.name == LANGUAGE_EXTENSIONS for use in uses) and holds(processed, "Fn::Length", "Fn::ToJsonString"):
        # What depends on resources is left for the stack, and a reader of the processed template must know of it.
        processed["Transform"] = LANGUAGE_EXTENSIONS
    return processed


def _scope(doc: Doc, transforming: Transforming) -> PlainScope:
    pseudo = pseudo_parameters(
        transforming.account, transforming.region, transforming.stack_id, transforming.stack_name
    )
    return PlainScope(Template({"Mappings": doc.get("Mappings")}), transforming.parameters, pseudo)


def _refuse(name: str) -> None:
    if name in _REFUSED:
        raise TransformError(f"Transform {name} is not supported: {_REFUSED[name]}.")


async def _nested(value: Any, scope: PlainScope, transforming: Transforming) -> Any:
    """`value` with every Fn::Transform in it run, the innermost first."""
    if isinstance(value, list):
        return [await _nested(item, scope, transforming) for item in value]
    if not isinstance(value, dict):
        return value
    declared = value.get(TRANSFORM)
    fragment: Any = {key: await _nested(item, scope, transforming) for key, item in value.items() if key != TRANSFORM}
    if declared is None:
        return fragment
    for use in transforms_of(await _nested(declared, scope, transforming)):
        if use.name in {LANGUAGE_EXTENSIONS, SERVERLESS}:
            raise TransformError(f"Transform {use.name} can only be declared at the top level of a template.")
        _refuse(use.name)
        given = await evaluate(use.parameters, scope) if use.parameters else {}
        fragment = await _run(TransformUse(use.name, given), fragment, transforming, whole=False)
    return fragment


async def _run(use: TransformUse, fragment: Any, transforming: Transforming, *, whole: bool) -> Any:
    params: Mapping[str, Any] = use.parameters if isinstance(use.parameters, dict) else {}
    if use.name == LANGUAGE_EXTENSIONS:
        return await extend(fragment, transforming)
    if use.name == SERVERLESS:
        return await serverless(fragment, transforming)
    if use.name == INCLUDE:
        content = await included(params, transforming)
        return merged(fragment, content, whole=whole)
    if use.name.startswith("AWS::"):
        raise TransformError(f"Transform {use.name} is not supported.")
    return await transforming.macro(use.name, fragment, params)
