"""A stack's life: what becomes of its resources, and the statuses it goes through."""

import pytest
from botocore.exceptions import ClientError
from tests.support.stacks import Stacks, parameter


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def test_create_makes_resources_in_the_order_of_their_references(stacks, aws):
    resources = {
        "Second": parameter({"Fn::Sub": "after ${First}"}),
        "First": parameter("one"),
        "Third": parameter({"Fn::GetAtt": ["Second", "Value"]}),
    }
    assert stacks.create(resources, Outputs={"Name": {"Value": {"Ref": "Third"}}}) == "CREATE_COMPLETE"
    order = [one["LogicalResourceId"] for one in stacks.events() if one["ResourceStatus"] == "CREATE_COMPLETE"]
    assert order == ["First", "Second", "Third", stacks.name]
    value = aws("ssm").get_parameter(Name=stacks.outputs()["Name"])["Parameter"]["Value"]
    assert value == f"after {stacks.physical('First')}"


def test_events_of_a_creation(stacks):
    stacks.create({"One": parameter()})
    told = [
        (one["LogicalResourceId"], one["ResourceStatus"], one.get("ResourceStatusReason")) for one in stacks.events()
    ]
    assert told == [
        (stacks.name, "CREATE_IN_PROGRESS", "User Initiated"),
        ("One", "CREATE_IN_PROGRESS", None),
        ("One", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("One", "CREATE_COMPLETE", None),
        (stacks.name, "CREATE_COMPLETE", None),
    ]


def test_update_changes_replaces_adds_and_removes(stacks, aws):
    stacks.create(
        {"Kept": parameter("a"), "Changed": parameter("b"), "Replaced": parameter("c"), "Gone": parameter("d")}
    )
    old = {name: one["PhysicalResourceId"] for name, one in stacks.resources().items()}
    new_name = f"/{stacks.name}/new"
    status = stacks.update(
        {
            "Kept": parameter("a"),
            "Changed": parameter("B"),
            "Replaced": parameter("c", Name=new_name),
            "New": parameter({"Ref": "Replaced"}),
        }
    )
    assert status == "UPDATE_COMPLETE"
    ssm = aws("ssm")
    assert stacks.physical("Replaced") == new_name
    assert ssm.get_parameter(Name=stacks.physical("New"))["Parameter"]["Value"] == new_name
    assert ssm.get_parameter(Name=old["Changed"])["Parameter"]["Value"] == "B"
    for gone in (old["Replaced"], old["Gone"]):
        with pytest.raises(ClientError, match="ParameterNotFound"):
            ssm.get_parameter(Name=gone)
    assert stacks.history("Kept") == ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert stacks.history("Replaced")[3:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]
    assert stacks.history()[2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert set(stacks.resources()) == {"Kept", "Changed", "Replaced", "New"}


def test_an_update_that_changes_nothing_is_refused(stacks):
    stacks.create({"One": parameter()})
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        stacks.update({"One": parameter()})


def test_a_failed_creation_is_rolled_back_to_nothing(stacks, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    status = stacks.create({"Good": parameter(), "Bad": parameter(Name=taken, DependsOn="Good")})
    assert status == "ROLLBACK_COMPLETE"
    assert stacks.reasons("ROLLBACK_IN_PROGRESS") == [
        "The following resource(s) failed to create: [Bad]. Rollback requested by user."
    ]
    assert "HandlerErrorCode: AlreadyExists" in stacks.reasons("CREATE_FAILED")[0]
    assert stacks.history("Good")[-1] == "DELETE_COMPLETE"
    assert aws("ssm").get_parameter(Name=taken)["Parameter"]["Value"] == "x"


def test_a_failed_update_puts_everything_back(stacks, aws):
    taken = f"/{stacks.name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    stacks.create({"Changed": parameter("a"), "Replaced": parameter("b"), "Gone": parameter("c")})
    old = {name: one["PhysicalResourceId"] for name, one in stacks.resources().items()}
    status = stacks.update(
        {
            "Changed": parameter("A"),
            "Replaced": parameter("b", Name=f"/{stacks.name}/r"),
            "New": parameter("n"),
            "Bad": parameter(Name=taken, DependsOn=["Changed", "Replaced", "New"]),
        }
    )
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert {name: one["PhysicalResourceId"] for name, one in stacks.resources().items()} == old
    assert aws("ssm").get_parameter(Name=old["Changed"])["Parameter"]["Value"] == "a"
    with pytest.raises(ClientError, match="ParameterNotFound"):
        aws("ssm").get_parameter(Name=f"/{stacks.name}/r")
    assert stacks.history()[-3:] == [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_delete_removes_what_depends_on_others_first(stacks):
    stacks.create({"A": parameter(), "B": parameter({"Ref": "A"}), "C": parameter({"Ref": "B"})})
    assert stacks.delete() == "DELETE_COMPLETE"
    gone = [one["LogicalResourceId"] for one in stacks.events() if one["ResourceStatus"] == "DELETE_COMPLETE"]
    assert gone == ["C", "B", "A", stacks.name]
    with pytest.raises(ClientError, match=f"Stack with id {stacks.name} does not exist"):
        stacks.cfn.describe_stacks(StackName=stacks.name)


@pytest.mark.parametrize("fails", [False, True])
def test_a_named_thing_that_moves_to_another_place_leaves_nothing_where_it_was(stacks, aws, fails):
    groups = {name: {"Type": "AWS::Logs::LogGroup"} for name in ("Here", "There")}

    def body(place):
        properties = {
            "FilterName": "errors",
            "FilterPattern": "ERROR",
            "LogGroupName": {"Ref": place},
            "MetricTransformations": [{"MetricName": "E", "MetricNamespace": "N", "MetricValue": "1"}],
        }
        return {**groups, "Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": properties}}

    def filters(place):
        found = aws("logs").describe_metric_filters(logGroupName=stacks.physical(place))["metricFilters"]
        return [one["filterName"] for one in found]

    assert stacks.create(body("Here")) == "CREATE_COMPLETE"
    bad = {"Bad": parameter(Name="/aws/not/allowed", DependsOn="Filter")} if fails else {}
    assert stacks.update({**body("There"), **bad}) == ("UPDATE_ROLLBACK_COMPLETE" if fails else "UPDATE_COMPLETE")
    assert (filters("Here"), filters("There")) == ((["errors"], []) if fails else ([], ["errors"]))
    stacks.delete()
