"""Which resource waits for which; any graph without a circle has an order, and any circle is found."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.template_scope import read

from trunkline.services.cloudformation import template


def waits(text: str, **conditions: bool) -> dict[str, set[str]]:
    return template.graph(read(text), conditions)


def test_everything_that_refers_to_a_resource_waits_for_it() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
    text = """
Parameters: {P: {Type: String}}
Resources:
  A: {Type: T}
  B: {Type: T, DependsOn: A}
  C: {Type: T, DependsOn: [A, B]}
  D: {Type: T, Properties: {X: [{Y: !Ref A}]}}
  E: {Type: T, Properties: {X: !GetAtt A.Arn}}
  F: {Type: T, Properties: {X: !Sub '${A} ${B.Arn} ${P} ${AWS::Region} ${!C}'}}
  G: {Type: T, Properties: {X: !Sub ['${A} ${Z}', {A: own, Z: !Ref B}]}}
  H: {Type: T, Metadata: {X: !Ref A}, UpdatePolicy: {X: !Ref B}, CreationPolicy: {X: !Ref C}}
  I: {Type: T, Properties: {X: !Join ['', [!Select [0, !GetAtt D.List], !Ref P]]}}
  J: {Type: T, Properties: {X: {'Fn::GetAtt': [E, !Ref P]}}}
"""
    assert waits(text) == {
        "A": set(),
        "B": {"A"},
        "C": {"A", "B"},
        "D": {"A"},
        "E": {"A"},
        "F": {"A", "B"},
        "G": {"B"},
        "H": {"A", "B", "C"},
        "I": {"D"},
        "J": {"E"},
    }


CONDITIONAL = """
Conditions: {Holds: !Equals [a, a], Fails: !Equals [a, b]}
Resources:
  A: {Type: T, Condition: Fails}
  B: {Type: T, DependsOn: A}
  C: {Type: T, Properties: {X: !If [Fails, !Ref A, !Ref B]}}
"""


def test_what_does_not_exist_is_not_waited_for() -> None:
    assert waits(CONDITIONAL, Holds=True, Fails=False) == {"B": set(), "C": {"B"}}
    assert waits(CONDITIONAL, Holds=True, Fails=True) == {"A": set(), "B": {"A"}, "C": {"A"}}


def test_reference_to_what_does_not_exist_is_refused() -> None:
    text = CONDITIONAL + "  D: {Type: T, Properties: {X: !Ref A}}\n"
    with pytest.raises(template.TemplateError) as refused:
        waits(text, Holds=True, Fails=False)
    assert refused.value.message == (
        "Template format error: Unresolved resource dependencies [A] in the Resources block of the template"
    )
    with pytest.raises(template.TemplateError, match=r"\[A\] in the Outputs block of the template"):
        waits(CONDITIONAL + "Outputs: {O: {Value: !Ref A}}", Holds=True, Fails=False)
    assert waits(CONDITIONAL + "Outputs: {O: {Value: !Ref A, Condition: Fails}}", Holds=True, Fails=False)


@pytest.mark.parametrize(
    ("text", "circle"),
    [
        ("{A: {Type: T, DependsOn: B}, B: {Type: T, Properties: {X: !Ref A}}}", "A, B"),
        ("{A: {Type: T, Properties: {X: !GetAtt A.Arn}}}", "A"),
        (
            "{A: {Type: T}, B: {Type: T, DependsOn: [A, D]}, C: {Type: T, DependsOn: B}, D: {Type: T, DependsOn: C}, "
            "E: {Type: T, DependsOn: D}}",
            "B, C, D",
        ),
    ],
)
def test_circles_are_named(text: str, circle: str) -> None:
    with pytest.raises(template.TemplateError) as refused:
        waits(f"Resources: {text}")
    assert refused.value.message == f"Circular dependency between resources: [{circle}]"


def test_a_branch_not_taken_makes_no_circle() -> None:
    text = """
Conditions: {C: !Equals [a, b]}
Resources:
  A: {Type: T, Properties: {X: !If [C, !Ref B, x]}}
  B: {Type: T, Properties: {X: !Ref A}}
"""
    assert waits(text, C=False) == {"A": set(), "B": {"A"}}
    with pytest.raises(template.TemplateError, match="Circular dependency"):
        waits(text, C=True)


def test_attributes_that_a_type_has_not_are_refused() -> None:
    text = """
Conditions: {Off: !Equals [a, b]}
Resources:
  A: {Type: 'AWS::SQS::Queue'}
  B: {Type: 'Custom::Any', Properties: {X: !GetAtt A.Arn, Y: !If [Off, !GetAtt Gone.X, !GetAtt B.Anything]}}
  Gone: {Type: 'AWS::SQS::Queue', Condition: Off}
Outputs: {O: {Value: !Sub '${A.QueueName}'}}
"""
    known = {"AWS::SQS::Queue": {"Arn", "QueueName", "Endpoint"}}
    template.check_attributes(read(text), ["A", "B"], known.get)
    for wrong in ("!GetAtt A.Nope", "!Sub '${A.Nope}'"):
        with pytest.raises(template.TemplateError) as refused:
            template.check_attributes(read(text.replace("!GetAtt A.Arn", wrong)), ["A", "B"], known.get)
        assert refused.value.message == "Template error: resource A does not support attribute type Nope in Fn::GetAtt"


def _reference(number: int, way: int) -> Any:
    name = f"R{number}"
    return [{"Ref": name}, {"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"x-${{{name}.Arn}}-${{AWS::Region}}"}][way]


@st.composite
def _documents(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[int, int]]]:
    size = draw(st.integers(1, 12))
    edges = draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1), st.integers(0, 3)), max_size=30)
    )
    resources: dict[str, Any] = {f"R{number}": {"Type": "T", "Properties": {}} for number in range(size)}
    for index, (user, used, way) in enumerate(edges):
        body = resources[f"R{user}"]
        if way == 3:
            body.setdefault("DependsOn", []).append(f"R{used}")
        else:
            body["Properties"][f"P{index}"] = [{"deep": _reference(used, way)}]
    return {"Resources": resources}, [(user, used) for user, used, _ in edges]


def _reachable(edges: list[tuple[int, int]], start: int) -> set[int]:
    seen: set[int] = set()
    at = [start]
    while at:
        node = at.pop()
        for user, used in edges:
            if user == node and used not in seen:
                seen.add(used)
                at.append(used)
    return seen


@given(_documents())
def test_any_graph_is_ordered_or_its_circles_are_named(drawn: tuple[dict[str, Any], list[tuple[int, int]]]) -> None:
    doc, edges = drawn
    parsed = template.Template(doc)
    circular = [name for number, name in enumerate(doc["Resources"]) if number in _reachable(edges, number)]
    if circular:
        with pytest.raises(template.TemplateError) as refused:
            template.graph(parsed, {})
        assert refused.value.message == f"Circular dependency between resources: [{', '.join(circular)}]"
        return
    order = template.order(template.graph(parsed, {}))
    assert sorted(order) == sorted(doc["Resources"])
    for user, used in edges:
        assert order.index(f"R{used}") < order.index(f"R{user}")
