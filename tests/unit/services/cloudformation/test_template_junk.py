"""Whatever a template holds, it is accepted or refused with a sentence: nothing else comes out."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.template_scope import PaperScope, PaperTransforming

from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.template import Doc

BASE: Doc = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Transform": ["AWS::LanguageExtensions"],
    "Metadata": {"a": [1]},
    "Parameters": {
        "P": {"Type": "String", "Default": "x", "AllowedValues": ["x"], "AllowedPattern": "x", "MinLength": 1},
        "L": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "N": {"Type": "Number", "Default": 3, "MinValue": 1, "NoEcho": True},
    },
    "Mappings": {"M": {"a": {"b": ["c"]}}},
    "Conditions": {
        "C": {"Fn::And": [{"Fn::Equals": [{"Ref": "P"}, "x"]}, {"Fn::Not": [{"Condition": "D"}]}]},
        "D": {"Fn::Equals": ["a", "b"]},
    },
    "Rules": {
        "R": {
            "RuleCondition": {"Fn::Equals": ["a", "a"]},
            "Assertions": [{"Assert": {"Fn::Contains": [["x"], {"Ref": "P"}]}, "AssertDescription": "d"}],
        }
    },
    "Resources": {
        "A": {
            "Type": "T",
            "Condition": "C",
            "DependsOn": ["B"],
            "DeletionPolicy": "Retain",
            "Properties": {
                "Sub": {"Fn::Sub": ["${P}-${X}-${B.Arn}", {"X": {"Ref": "N"}}]},
                "Join": {"Fn::Join": [",", {"Ref": "L"}]},
                "Select": {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]},
                "If": {"Fn::If": ["C", {"Fn::GetAtt": ["B", "Arn"]}, {"Ref": "AWS::NoValue"}]},
                "Find": {"Fn::FindInMap": ["M", "a", "b", {"DefaultValue": 1}]},
                "Cidr": {"Fn::Cidr": ["10.0.0.0/16", 2, 8]},
                "Json": {"Fn::ToJsonString": {"a": {"Fn::Length": [1]}}},
                "Import": {"Fn::ImportValue": {"Fn::Sub": "${P}-x"}},
                "Zones": {"Fn::GetAZs": ""},
                "Base": {"Fn::Base64": "x"},
                "Secret": "{{resolve:secretsmanager:s:SecretString:k}}",
            },
        },
        "B": {"Type": "T"},
        "Fn::ForEach::F": ["I", ["x", "y"], {"R${I}": {"Type": "T", "Properties": {"V": {"Ref": "I"}}}}],
    },
    "Outputs": {"O": {"Value": {"Ref": "B"}, "Export": {"Name": "e"}, "Condition": "C", "Description": "d"}},
}

JUNK = st.sampled_from(
    [
        None,
        True,
        -1,
        1.5,
        "",
        "x",
        "AWS::NoValue",
        "${A}",
        "${",
        "{{resolve:ssm:}}",
        [],
        ["x"],
        [[], {}],
        {},
        {"Ref": "A"},
        {"Ref": None},
        {"Ref": {"Ref": "P"}},
        {"Fn::GetAtt": "A"},
        {"Fn::GetAtt": ["A", "B"]},
        {"Fn::Sub": ["${x}", {"x": []}]},
        {"Fn::If": ["C", 1]},
        {"Fn::If": [[], 1, 2]},
        {"Fn::Select": ["x", []]},
        {"Fn::FindInMap": ["M", "a", []]},
        {"Fn::Transform": {"Name": "m"}},
        {"Fn::Transform": []},
        {"Fn::ForEach::Z": ["I", {"Ref": "L"}, {"${I}": 1}]},
        {"Fn::Cidr": ["x", "y"]},
        {"Condition": []},
        {"Fn::Equals": 1},
        {"a": None},
    ]
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += _places(item, (*path, key))
    return found


PLACES = _places(BASE)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
async def test_junk_is_accepted_or_refused_with_a_sentence(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    doc = copy.deepcopy(BASE)
    for path, junk in changes:
        at: Any = doc
        try:
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = copy.deepcopy(junk)
        except (KeyError, IndexError, TypeError):
            continue
    try:
        await _use(json.dumps(doc))
    except template.TemplateError as error:
        assert error.message


async def _use(text: str) -> None:
    doc = template.parse(text)
    raw = template.Template(doc)
    raw.check()
    try:
        template.summary(raw)
    except template.TemplateError as error:
        raise AssertionError("a template that passed the checks can be told of") from error
    found = await template.parameters(raw, {}, None, _there)
    macros = {"m": lambda fragment, params: fragment}
    made = template.Template(await template.transform(doc, PaperTransforming(found.values, macros=macros)))
    made.check()
    scope = PaperScope(made, found.values, exports={"x-x": "i"}, secrets={"secretsmanager:s:SecretString:k": "v"})
    template.rules(made, scope)
    for name in template.order(template.graph(made, scope.conditions)):
        await template.evaluate(made.resources[name].properties, scope)
    for output in made.outputs.values():
        await template.evaluate(output.value, scope)


async def _there(kind: str, value: str) -> Any:
    return value


async def test_the_template_itself_is_accepted() -> None:
    await _use(json.dumps(BASE))


WORDS = "!Ref  !Sub  !GetAtt  !X  a 1 0x1 &a *a | > --- ... # << = ~ null !!binary % @ [ ] { } , \" ' \t \x00 é"
PIECES = st.sampled_from([*WORDS.split(" "), ": ", "- ", "\n", "  ", "? "])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_any_text_is_read_or_refused_with_a_sentence(pieces: list[str]) -> None:
    try:
        assert isinstance(template.parse("".join(pieces)), dict)
    except template.TemplateError as error:
        assert error.message


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"a":' * 50_000, "a:\n " + "- " * 5_000, '{"a":' * 200 + "1" + "}" * 200]
)
def test_nesting_without_end_is_refused(text: str) -> None:
    with pytest.raises(template.TemplateError):
        template.parse(text)
