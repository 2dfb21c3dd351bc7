"""The functions that AWS::LanguageExtensions adds to values: Fn::Length and Fn::ToJsonString.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-languageextensions.html
"""

import json
from typing import Any

from trunkline.services.cloudformation.template.errors import NO_VALUE, UNKNOWN, TemplateError
from trunkline.services.cloudformation.template.intrinsics.calling import intrinsic, value_of
from trunkline.services.cloudformation.template.scope import Scope


@intrinsic("Fn::Length")
async def length(argument: Any, scope: Scope) -> Any:
    found = await value_of(argument, scope)
    if found == UNKNOWN:
        return UNKNOWN
    if not isinstance(found, list):
        raise TemplateError("Template error: every Fn::Length object requires a list or a function that gives one")
    return len(found)


@intrinsic("Fn::ToJsonString")
async def to_json_string(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, dict | list):
        raise TemplateError("Template error: every Fn::ToJsonString object requires an object or an array")
    found = await value_of(argument, scope)
    return "" if found is NO_VALUE else json.dumps(found, separators=(",", ":"), ensure_ascii=False)
