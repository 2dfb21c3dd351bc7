"""AWS::Include: a snippet of a template kept in S3, put where the transform stands.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/create-reusable-transform-function-snippets-and-add-to-your-template-with-aws-include-transform.html
"""

from collections.abc import Mapping
from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError, TransformError
from trunkline.services.cloudformation.template.model import INCLUDE, TRANSFORM, holds
from trunkline.services.cloudformation.template.parsing import parse_snippet
from trunkline.services.cloudformation.template.transforms.interface import Transforming

_FAILED = f"Transform {INCLUDE} failed with: "
_INVALID = "The specified S3 object's content should be valid Yaml/JSON."
"""Also what AWS says of a snippet with transforms (https://github.com/awsdocs/aws-cloudformation-user-guide/pull/232)."""


async def included(params: Mapping[str, Any], transforming: Transforming) -> Any:
    """The snippet as plain data."""
    location = params.get("Location")
    if not isinstance(location, str) or not location:
        raise TransformError(_FAILED + "The location parameter is required.")
    if not location.startswith("s3://"):
        raise TransformError(_FAILED + "The location parameter is not a valid S3 uri.")
    text = await transforming.include(location)
    try:
        content = parse_snippet(text)
    except TemplateError as error:
        raise TransformError(_FAILED + _INVALID) from error
    if holds(content, TRANSFORM):
        raise TransformError(_FAILED + _INVALID)
    return content


def merged(fragment: Any, content: Any, *, whole: bool) -> Any:
    """A snippet beside what stands in its place: alone it replaces, else its members are added.

    At the top level of a template a section that both have gets the members of both.
    """
    if not fragment:
        return content
    if not isinstance(fragment, dict) or not isinstance(content, dict):
        raise TransformError(_FAILED + "Only an object can be included beside other members.")
    made = dict(fragment)
    for key, value in content.items():
        if whole and isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = {**made[key], **value}
        else:
            made[key] = value
    return made
