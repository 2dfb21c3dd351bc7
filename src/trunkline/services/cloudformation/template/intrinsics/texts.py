"""Functions that make texts and lists: Fn::Join, Fn::Split, Fn::Select, Fn::Sub, Fn::Base64."""

import base64
from typing import Any

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import NO_VALUE, UNKNOWN, TemplateError, is_unknown, text_of
from trunkline.services.cloudformation.template.intrinsics.calling import intrinsic, text, texts, value_of
from trunkline.services.cloudformation.template.intrinsics.references import attribute_of, named
from trunkline.services.cloudformation.template.scope import Scope
from trunkline.services.cloudformation.template.substitution import pieces


def _pair(argument: Any, complaint: str) -> tuple[Any, Any]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(complaint)
    return argument[0], argument[1]


@intrinsic("Fn::Join")
async def join(argument: Any, scope: Scope) -> Any:
    delimiter, values = _pair(argument, words.JOIN)
    if not isinstance(delimiter, str):
        raise TemplateError(words.JOIN)
    parts = await texts(values, scope, words.JOIN)
    return UNKNOWN if parts is None else delimiter.join(parts)


@intrinsic("Fn::Split")
async def split(argument: Any, scope: Scope) -> Any:
    delimiter, source = _pair(argument, words.SPLIT)
    if not isinstance(delimiter, str) or not delimiter:
        raise TemplateError(words.SPLIT)
    whole = await text(source, scope, words.SPLIT)
    return UNKNOWN if UNKNOWN in whole else whole.split(delimiter)


@intrinsic("Fn::Select")
async def select(argument: Any, scope: Scope) -> Any:
    at, values = _pair(argument, words.SELECT)
    wanted = await text(at, scope, words.SELECT)
    if wanted == UNKNOWN:
        return UNKNOWN
    try:
        index = int(wanted)
    except ValueError as error:
        raise TemplateError(words.SELECT_INDEX) from error
    found = await value_of(values, scope)
    if found == UNKNOWN:
        return UNKNOWN
    if not isinstance(found, list):
        raise TemplateError(words.SELECT)
    if not 0 <= index < len(found):
        raise TemplateError(words.no_item(index))
    return found[index]


@intrinsic("Fn::Sub")
async def sub(argument: Any, scope: Scope) -> Any:
    own: dict[str, Any] = {}
    template = argument
    if isinstance(argument, list):
        template, own = _pair(argument, words.SUB)
    if not isinstance(template, str) or not isinstance(own, dict):
        raise TemplateError(words.SUB)
    made = []
    for piece in pieces(template):
        if isinstance(piece, str):
            made.append(piece)
            continue
        if piece.name in own:
            value = await value_of(own[piece.name], scope)
        elif piece.attribute:
            value = await attribute_of(*piece.attribute, scope)
        else:
            value = await named(piece.name, scope)
        made.append(_substituted(piece.name, value))
    return "".join(made)


def _substituted(name: str, value: Any) -> str:
    if value is NO_VALUE:
        return ""
    if isinstance(value, list) and name.startswith("AWS::"):
        return ",".join(map(text_of, value))
    if isinstance(value, dict | list):
        raise TemplateError(f"Template error: variable {name} in Fn::Sub expression does not resolve to a string")
    return text_of(value)


@intrinsic("Fn::Base64")
async def base64_of(argument: Any, scope: Scope) -> Any:
    whole = await text(argument, scope, words.BASE64)
    return UNKNOWN if is_unknown(whole) else base64.b64encode(whole.encode()).decode()
