"""Any graph of resources is created in a valid order, updated to any other, and rolled back to nothing."""

import uuid

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.stacks import Stacks, parameter

QUICK = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def graphs(draw):
    """For each resource, the earlier ones it needs, and how it says so."""
    size = draw(st.integers(1, 14))
    found = {}
    for number in range(size):
        needs = draw(st.sets(st.integers(0, number - 1), max_size=4)) if number else set()
        found[number] = {other: draw(st.sampled_from(("Ref", "GetAtt", "Sub", "DependsOn"))) for other in needs}
    return found


def resources(graph, names=None):
    made = {}
    for number, needs in graph.items():
        pieces, after = ["v"], []
        for other, how in sorted(needs.items()):
            logical_id = f"R{other}"
            if how == "Ref":
                pieces.append({"Ref": logical_id})
            elif how == "GetAtt":
                pieces.append({"Fn::GetAtt": [logical_id, "Type"]})
            elif how == "Sub":
                pieces.append({"Fn::Sub": f"${{{logical_id}}}"})
            else:
                after.append(logical_id)
        more = {"DependsOn": after} if after else {}
        if names and number in names:
            more["Name"] = names[number]
        made[f"R{number}"] = parameter({"Fn::Join": ["-", pieces]}, **more)
    return made


def check_order(stacks, graph, first, begun, *, reverse=False):
    """Whoever is needed has `first` before whoever needs it has `begun`."""
    place = {}
    for number, event in enumerate(stacks.events()):
        place.setdefault((event["LogicalResourceId"], event["ResourceStatus"]), number)
    for number, needs in graph.items():
        for other in needs:
            earlier, later = (f"R{number}", f"R{other}") if reverse else (f"R{other}", f"R{number}")
            never = reverse and (earlier, first) not in place  # it had not been made when something else failed
            if (later, begun) in place and not never:
                assert place[earlier, first] < place[later, begun], (earlier, later)


def left(aws, stack_name):
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [stack_name, f"/{stack_name}"]}]
    pages = aws("ssm").get_paginator("describe_parameters").paginate(ParameterFilters=filters)
    return [one["Name"] for page in pages for one in page["Parameters"]]


def new(aws):
    return Stacks(aws("cloudformation"), f"g-{uuid.uuid4().hex[:10]}")


@QUICK
@given(graph=graphs())
def test_created_and_deleted_in_a_valid_order(aws, graph):
    stacks = new(aws)
    assert stacks.create(resources(graph)) == "CREATE_COMPLETE"
    check_order(stacks, graph, "CREATE_COMPLETE", "CREATE_IN_PROGRESS")
    assert stacks.delete() == "DELETE_COMPLETE"
    check_order(stacks, graph, "DELETE_COMPLETE", "DELETE_IN_PROGRESS", reverse=True)
    assert left(aws, stacks.name) == []


@QUICK
@given(graph=graphs(), data=st.data())
def test_rolled_back_to_nothing_wherever_it_fails(aws, graph, data):
    stacks = new(aws)
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    bad = data.draw(st.sampled_from(sorted(graph)))
    assert stacks.create(resources(graph, {bad: taken})) == "ROLLBACK_COMPLETE"
    check_order(stacks, graph, "DELETE_COMPLETE", "DELETE_IN_PROGRESS", reverse=True)
    assert left(aws, stacks.name) == [taken]


@QUICK
@given(before=graphs(), after=graphs(), data=st.data())
def test_an_update_that_fails_anywhere_leaves_what_was(aws, before, after, data):
    stacks = new(aws)
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    stacks.create(resources(before))
    was = {name: one["PhysicalResourceId"] for name, one in stacks.resources().items()}
    values = {name: aws("ssm").get_parameter(Name=name)["Parameter"]["Value"] for name in was.values()}
    bad = data.draw(st.sampled_from(sorted(after)))
    renamed = {one: f"/{stacks.name}/{one}" for one in data.draw(st.sets(st.sampled_from(sorted(after))))}
    assert stacks.update(resources(after, {**renamed, bad: taken})) == "UPDATE_ROLLBACK_COMPLETE"
    assert {name: one["PhysicalResourceId"] for name, one in stacks.resources().items()} == was
    assert {name: aws("ssm").get_parameter(Name=name)["Parameter"]["Value"] for name in values} == values
    assert sorted(left(aws, stacks.name)) == sorted([*was.values(), taken])
    if renamed or after != before:
        assert stacks.update(resources(after, renamed)) == "UPDATE_COMPLETE"
    assert stacks.delete() == "DELETE_COMPLETE"
    assert left(aws, stacks.name) == [taken]
